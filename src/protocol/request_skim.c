/* request_skim: see request_skim.h. */
#include "protocol/request_skim.h"

#include "base/hash.h"
#include "common/json_load.h"
#include "common/limits.h"

#include <stdint.h>
#include <string.h>

enum {
    NAMES = 1024, /* more than a header has */
    NAMES_MAX = 768,
};

/* Each name's hash, to find one that is there twice: two of the same hash are taken for that. */
struct names {
    uint64_t hashes[NAMES]; /* 0: free */
    size_t count;
};

struct skim {
    const char *at, *end;
};

static void skip_space(struct skim *skim)
{
    while (skim->at < skim->end && json_raw_is_space(*skim->at))
        skim->at++;
}

static bool take(struct skim *skim, char c)
{
    skip_space(skim);
    if (skim->at == skim->end || *skim->at != c)
        return false;
    skim->at++;
    return true;
}

/* Printable ASCII without escapes. */
static bool take_string(struct skim *skim)
{
    if (!take(skim, '"'))
        return false;
    while (skim->at < skim->end && *skim->at >= 0x20 && *skim->at < 0x7f && *skim->at != '"' &&
           *skim->at != '\\')
        skim->at++;
    return skim->at < skim->end && *skim->at++ == '"';
}

static bool take_word(struct skim *skim, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(skim->end - skim->at) < len || memcmp(skim->at, word, len) != 0)
        return false;
    skim->at += len;
    return true;
}

static bool take_scalar(struct skim *skim)
{
    struct json_load_number number;
    skip_space(skim);
    if (skim->at == skim->end)
        return false;
    switch (*skim->at) {
    case '"':
        return take_string(skim);
    case 't':
        return take_word(skim, "true");
    case 'f':
        return take_word(skim, "false");
    case 'n':
        return take_word(skim, "null");
    default:
        if (!json_load_scan_number(skim->at, skim->end, &number))
            return false;
        skim->at += number.len;
        return true;
    }
}

/* A scalar, or lists of such, or objects without a field. `depth`: of what it lies in. */
static bool take_plain(struct skim *skim, int depth)
{
    int inner = 0; /* lists that are open */
    do {
        bool opened = false;
        for (; take(skim, '['); opened = true)
            if (depth + ++inner > HEADER_DEPTH_MAX)
                return false;
        if (opened && take(skim, ']'))
            inner--;
        else if (take(skim, '{') ? depth + inner >= HEADER_DEPTH_MAX || !take(skim, '}')
                                 : !take_scalar(skim))
            return false;
        while (inner && take(skim, ']'))
            inner--;
    } while (inner && take(skim, ','));
    return inner == 0;
}

static bool is_new(struct names *names, const char *name, size_t len)
{
    uint64_t hash = siphash(name, len, 0);
    hash = hash ? hash : 1;
    size_t slot = hash % NAMES;
    for (; names->hashes[slot]; slot = (slot + 1) % NAMES)
        if (names->hashes[slot] == hash)
            return false;
    names->hashes[slot] = hash;
    return names->count++ < NAMES_MAX;
}

/* The value of a known field, to the letter; whether it is right is for the parser to say. */
static bool pass_value(struct skim *skim)
{
    int depth = 0;
    skip_space(skim);
    for (; skim->at < skim->end; skim->at++) {
        char c = *skim->at;
        if (!depth && (c == ',' || c == '}'))
            return true;
        if (c == '"' && !take_string(skim))
            return false;
        if (c == '"')
            skim->at--;
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    }
    return false;
}

static void put(char **to, const char *from, const char *end)
{
    memcpy(*to, from, (size_t)(end - from));
    *to += end - from;
}

/* One field, with the comma or brace before it. */
static bool skim_field(struct skim *skim, struct names *names, size_t *unknown,
                       request_skim_known is_known, const void *arg, char **to)
{
    const char *begin = skim->at - 1;
    skip_space(skim);
    const char *name = skim->at + 1;
    if (!take_string(skim) || !is_new(names, name, (size_t)(skim->at - 1 - name)))
        return false;
    bool known = is_known(arg, name, (size_t)(skim->at - 1 - name));
    if (!take(skim, ':'))
        return false;
    const char *value = skim->at;
    if (!(known ? pass_value(skim) : take_plain(skim, 1)))
        return false;
    if (known) {
        put(to, begin, skim->at);
    } else if ((*unknown)++ == 0) {
        put(to, begin, value);
        *(*to)++ = '0';
    }
    return true;
}

size_t request_skim(const char *line, size_t len, request_skim_known is_known, const void *arg,
                    char *out)
{
    struct names names = {.count = 0};
    struct skim skim = {line, line + len};
    size_t unknown = 0;
    char *to = out;
    if (!take(&skim, '{'))
        return 0;
    do {
        if (!skim_field(&skim, &names, &unknown, is_known, arg, &to))
            return 0;
    } while (take(&skim, ','));
    if (!take(&skim, '}') || !unknown)
        return 0;
    *to++ = '}';
    skip_space(&skim);
    return skim.at == skim.end ? (size_t)(to - out) : 0;
}
