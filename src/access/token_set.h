/*
 * token_set: the tokens in force. An empty set asks for no token.
 *
 * A session keeps the digest of its token and not the token. The digest's key is drawn once per
 * process, so a digest gives no access elsewhere.
 */
#ifndef TASKMASTER_ACCESS_TOKEN_SET_H
#define TASKMASTER_ACCESS_TOKEN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_COUNT_MAX = 64 };

struct token {
    char *text;
    size_t len;
    uint64_t digest;
};

/* All zero: the empty set. */
struct token_set {
    struct token *tokens;
    size_t count;
};

/* Adds a copy of the text. False: the set is full. */
bool token_set_add(struct token_set *set, const char *text);

/* Wipes the tokens and frees them; the set is empty then. */
void token_set_free(struct token_set *set);

/* The same texts in the same order. */
bool token_set_equal(const struct token_set *a, const struct token_set *b);

uint64_t token_digest(const char *text);

/* True if the set is empty or has the token. The time of a call depends on the length of `text` and
 * the number of tokens alone, so it tells nothing of the tokens' texts. */
bool token_set_accepts(const struct token_set *set, const char *text);

/* The same for the digest of an earlier token: false once the token is revoked. */
bool token_set_accepts_digest(const struct token_set *set, uint64_t digest);

#endif
