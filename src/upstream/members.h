/*
 * members: the members of an event's header, one by one, as their texts stand there.
 *
 * Headers of plain strings and numbers are split by hand (base/json_scan.h): every job has two of
 * them. jansson checks all others; then their members are walked in the same way. The functions are
 * inline, and so is their visitor: a header is read in less than a microsecond.
 */
#ifndef TASKMASTER_UPSTREAM_MEMBERS_H
#define TASKMASTER_UPSTREAM_MEMBERS_H

#include "base/json_scan.h"
#include "common/json_load.h"
#include "common/json_raw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct member {
    struct json_piece key; /* with its quotes, as the value */
    struct json_piece value;
};

typedef void (*member_visit)(void *arg, const struct member *member);

static inline size_t members_without_blanks(const char *from, const char *end)
{
    while (end > from && json_raw_is_space(end[-1]))
        end--;
    return (size_t)(end - from);
}

/* --- the short way --- */

static inline bool members_scan_quoted(struct json_scan *scan, struct json_piece *piece)
{
    if (!json_scan_string(scan, piece))
        return false;
    piece->text--;
    piece->len += 2;
    return true;
}

static inline bool members_scan_value(struct json_scan *scan, struct json_piece *value)
{
    uint64_t number;
    if (scan->at < scan->end && *scan->at == '"')
        return members_scan_quoted(scan, value);
    return json_scan_number(scan, value, &number);
}

/* False if the header is not so plain. Some members may have been visited by then. */
static inline bool members_scan(const char *header, size_t len, member_visit visit, void *arg)
{
    struct json_scan scan = {header, header + members_without_blanks(header, header + len)};
    struct member member;
    if (!json_scan_take(&scan, '{'))
        return false;
    do {
        if (!members_scan_quoted(&scan, &member.key) || !json_scan_take(&scan, ':') ||
            !members_scan_value(&scan, &member.value))
            return false;
        visit(arg, &member);
    } while (json_scan_take(&scan, ','));
    return json_scan_take(&scan, '}') && scan.at == scan.end;
}

/* --- the general way --- */

static inline bool members_are_valid(const char *text, size_t len)
{
    json_error_t error;
    json_t *root = json_load_any(text, len, JSON_REJECT_DUPLICATES, &error);
    bool object = json_is_object(root);
    json_decref(root);
    return object;
}

/* The text is a valid object. */
static inline void members_walk(const char *text, member_visit visit, void *arg)
{
    const char *at = json_raw_skip_space(json_raw_skip_space(text) + 1);
    struct member member;
    while (*at == '"') {
        const char *key_end = json_raw_skip_string(at);
        const char *value = json_raw_skip_space(json_raw_skip_space(key_end) + 1);
        const char *end = json_raw_skip_value(value);
        member.key = (struct json_piece){at, (size_t)(key_end - at)};
        member.value = (struct json_piece){value, members_without_blanks(value, end)};
        visit(arg, &member);
        at = *end == ',' ? json_raw_skip_space(end + 1) : end;
    }
}

/* --- values --- */

static inline bool member_is_word(const struct json_piece *value, const char *word)
{
    size_t len = strlen(word);
    return value->len == len + 2 && *value->text == '"' && memcmp(value->text + 1, word, len) == 0;
}

/* 0 for any other value. */
static inline uint64_t member_number(const struct json_piece *value)
{
    struct json_scan scan = {value->text, value->text + value->len};
    struct json_piece digits;
    uint64_t number = 0;
    return json_scan_number(&scan, &digits, &number) && digits.len == value->len ? number : 0;
}

#endif
