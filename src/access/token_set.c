/*
 * token_set: see token_set.h. Tokens are wiped before they are freed: neither a core dump nor a
 * stray pointer should find old secrets.
 */
#include "access/token_set.h"

#include "base/hash.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

void token_set_add_grant(struct token_set *set, const char *text, struct grant grant)
{
    set->tokens = xrealloc(set->tokens, (set->count + 1) * sizeof *set->tokens);
    set->tokens[set->count++] = (struct token){
        .text = xstrdup(text),
        .len = strlen(text),
        .digest = token_digest(text),
        .grant = grant,
    };
}

void token_set_add(struct token_set *set, const char *text)
{
    token_set_add_grant(set, text, (struct grant){.rights = RIGHTS_ALL});
}

void token_set_free(struct token_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        explicit_bzero(set->tokens[i].text, set->tokens[i].len);
        free(set->tokens[i].text);
        grant_free(&set->tokens[i].grant);
    }
    free(set->tokens);
    *set = (struct token_set){0};
}

/* The next token with a name, or without. NULL at the end. */
static const struct token *next(const struct token_set *set, size_t *at, bool named)
{
    while (*at < set->count) {
        const struct token *token = &set->tokens[(*at)++];
        if ((token->grant.name != NULL) == named)
            return token;
    }
    return NULL;
}

static bool is_equal(const struct token *a, const struct token *b)
{
    return strcmp(a->text, b->text) == 0 && grant_equal(&a->grant, &b->grant);
}

bool token_set_equal(const struct token_set *a, const struct token_set *b, bool named)
{
    size_t at_a = 0, at_b = 0;
    const struct token *one, *other;
    do {
        one = next(a, &at_a, named);
        other = next(b, &at_b, named);
    } while (one && other && is_equal(one, other));
    return !one && !other;
}

uint64_t token_digest(const char *text)
{
    return siphash(text, strlen(text), 0);
}

/* Reads all `len` bytes of `text`, wherever the first difference is. `known` is never empty. */
static bool is_same(const struct token *known, const char *text, size_t len)
{
    unsigned char differ = known->len != len;
    for (size_t i = 0; i < len; i++)
        differ |= (unsigned char)(text[i] ^ known->text[i % known->len]);
    return !differ;
}

const struct grant *token_set_find(const struct token_set *set, const char *text)
{
    const struct grant *found = set->count ? NULL : &grant_open;
    size_t len = strlen(text);
    for (size_t i = 0; i < set->count; i++)
        found = is_same(&set->tokens[i], text, len) ? &set->tokens[i].grant : found;
    return found;
}

const struct grant *token_set_find_digest(const struct token_set *set, uint64_t digest)
{
    for (size_t i = 0; i < set->count; i++)
        if (digest == set->tokens[i].digest)
            return &set->tokens[i].grant;
    return set->count ? NULL : &grant_open;
}
