/*
 * users: tokens, and the grants of exchanges.
 *
 * A reload frees the settings of before, while exchanges with their grants go on. So a version of
 * the settings has a copy of its tokens and grants.
 */
#include "gateway/access/access_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

struct users {
    struct token_set tokens;
    struct user *of_tokens; /* beside the tokens */
    struct user nobody, anybody;
    size_t held; /* by exchanges, and by the settings in force */
    bool asks;   /* for a token */
};

static struct grant copy_grant(const struct grant *from)
{
    struct grant grant = {.name = from->name ? xstrdup(from->name) : NULL, .rights = from->rights};
    for (char **limit = from->limits; limit && *limit; limit++)
        grant_limit(&grant, *limit);
    return grant;
}

static void copy_tokens(struct users *users, const struct token_set *tokens)
{
    users->of_tokens = xcalloc(tokens->count, sizeof *users->of_tokens);
    for (size_t i = 0; i < tokens->count; i++) {
        token_set_add_grant(&users->tokens, tokens->tokens[i].text,
                            copy_grant(&tokens->tokens[i].grant));
        users->of_tokens[i] = (struct user){users, copy_grant(&tokens->tokens[i].grant)};
    }
}

struct users *users_new(const struct gateway_access_settings *settings)
{
    struct users *users = xcalloc(1, sizeof *users);
    users->asks = settings->access.access_file;
    users->held = 1;
    users->nobody.users = users->anybody.users = users;
    users->anybody.grant.rights = settings->allow_writes ? RIGHTS_ALL : RIGHT_OBSERVE;
    copy_tokens(users, &settings->access.tokens);
    return users;
}

static void unhold(struct users *users)
{
    if (--users->held)
        return;
    for (size_t i = 0; i < users->tokens.count; i++)
        grant_free(&users->of_tokens[i].grant);
    free(users->of_tokens);
    token_set_free(&users->tokens);
    free(users);
}

void users_retire(struct users *users)
{
    unhold(users);
}

const struct user *users_find(const struct users *users, const char *token)
{
    const struct grant *grant = token_set_find(&users->tokens, token);
    for (size_t i = 0; grant && i < users->tokens.count; i++)
        if (grant == &users->tokens.tokens[i].grant)
            return &users->of_tokens[i];
    return NULL;
}

const struct user *users_nobody(const struct users *users)
{
    return &users->nobody;
}

const struct user *users_anybody(const struct users *users)
{
    return &users->anybody;
}

bool users_ask_for_token(const struct users *users)
{
    return users->asks;
}

const struct user *users_find_again(const struct users *users, const struct user *user)
{
    const struct users *then = user->users;
    if (then == users)
        return user;
    if (user == &then->anybody)
        return users->asks ? NULL : &users->anybody;
    if (user == &then->nobody)
        return &users->nobody;
    return users_find(users, then->tokens.tokens[user - then->of_tokens].text);
}

const struct user *user_hold(const struct user *user)
{
    user->users->held++;
    return user;
}

void user_release(const struct user *user)
{
    unhold(user->users);
}
