/*
 * token_set: see token_set.h. Tokens are wiped before they are freed: neither a core dump nor a
 * stray pointer should find old secrets.
 */
#include "access/token_set.h"

#include "base/hash.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

bool token_set_add(struct token_set *set, const char *text)
{
    if (set->count == TOKEN_COUNT_MAX)
        return false;
    if (!set->tokens)
        set->tokens = xcalloc(TOKEN_COUNT_MAX, sizeof *set->tokens);
    set->tokens[set->count++] = (struct token){
        .text = xstrdup(text),
        .len = strlen(text),
        .digest = token_digest(text),
    };
    return true;
}

void token_set_free(struct token_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        explicit_bzero(set->tokens[i].text, set->tokens[i].len);
        free(set->tokens[i].text);
    }
    free(set->tokens);
    *set = (struct token_set){0};
}

bool token_set_equal(const struct token_set *a, const struct token_set *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = strcmp(a->tokens[i].text, b->tokens[i].text) == 0;
    return equal;
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

bool token_set_accepts(const struct token_set *set, const char *text)
{
    bool found = !set->count;
    size_t len = strlen(text);
    for (size_t i = 0; i < set->count; i++)
        found |= is_same(&set->tokens[i], text, len);
    return found;
}

bool token_set_accepts_digest(const struct token_set *set, uint64_t digest)
{
    bool found = !set->count;
    for (size_t i = 0; i < set->count && !found; i++)
        found = digest == set->tokens[i].digest;
    return found;
}
