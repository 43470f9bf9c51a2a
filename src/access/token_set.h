/*
 * token_set: the tokens in force, and what each grants. An empty set asks for no token, and grants
 * everything.
 *
 * A session keeps the digest of its token and not the token. The digest's key is drawn once per
 * process, so a digest gives no access elsewhere.
 */
#ifndef TASKMASTER_ACCESS_TOKEN_SET_H
#define TASKMASTER_ACCESS_TOKEN_SET_H

#include "access/grant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token {
    char *text;
    size_t len;
    uint64_t digest;
    struct grant grant;
};

/* All zero: the empty set. */
struct token_set {
    struct token *tokens;
    size_t count;
};

/* Adds a copy of the text. The first is for a token without a name: it grants RIGHTS_ALL. The
 * second takes over the grant's texts. */
void token_set_add(struct token_set *set, const char *text);
void token_set_add_grant(struct token_set *set, const char *text, struct grant grant);

/* Wipes the tokens and frees them; the set is empty then. */
void token_set_free(struct token_set *set);

/* Among the tokens with a name, or among those without: the same texts and grants in the same
 * order.
 */
bool token_set_equal(const struct token_set *a, const struct token_set *b, bool named);

uint64_t token_digest(const char *text);

/* The grant of the token, borrowed from the set; NULL: no such token. The time of a call depends on
 * the length of `text` and the number of tokens alone, so it tells nothing of the tokens' texts. */
const struct grant *token_set_find(const struct token_set *set, const char *text);

/* The same for the digest of an earlier token: NULL once the token is revoked. */
const struct grant *token_set_find_digest(const struct token_set *set, uint64_t digest);

#endif
