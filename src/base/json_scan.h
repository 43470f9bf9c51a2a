/*
 * json_scan: the short way to read frequent headers: objects of plain strings and numbers, as
 * programs write them.
 *
 * The functions accept a part of JSON alone. Whatever they do not take is left to the general way,
 * jansson: it takes twenty times as long. They are inline: a header is read in less than a
 * microsecond.
 */
#ifndef TASKMASTER_BASE_JSON_SCAN_H
#define TASKMASTER_BASE_JSON_SCAN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_scan {
    const char *at, *end;
};

/* A string without its quotes, or the digits of a number. */
struct json_piece {
    const char *text;
    size_t len;
};

static inline bool json_scan_take(struct json_scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static inline void json_scan_blanks(struct json_scan *scan)
{
    while (scan->at < scan->end && *scan->at == ' ')
        scan->at++;
}

/* True for printable ASCII but quote and backslash: a byte standing for itself in a string. A table
 * of bits takes twice as many instructions, five comparisons four times as many. */
static inline bool json_scan_plain(char c)
{
#define ALL8 1, 1, 1, 1, 1, 1, 1, 1
#define NO8  0, 0, 0, 0, 0, 0, 0, 0
    static const bool plain[UCHAR_MAX + 1] = {
        NO8,  NO8,  NO8,  NO8,                               /* control characters */
        1,    1,    0,    1,   1, 1, 1, 1, ALL8, ALL8, ALL8, /* from blank on; no quote */
        ALL8, ALL8, ALL8, 1,   1, 1, 1, 0, 1,    1,    1,    /* from @ on; no backslash */
        ALL8, ALL8, ALL8, 1,   1, 1, 1, 1, 1,    1,    0,    /* from ` on; no DEL */
    };
#undef ALL8
#undef NO8
    return plain[(unsigned char)c];
}

/* Takes a string of plain bytes; the piece is without the quotes. */
static inline bool json_scan_string(struct json_scan *scan, struct json_piece *piece)
{
    if (!json_scan_take(scan, '"'))
        return false;
    const char *at = scan->at;
    while (at < scan->end && json_scan_plain(*at))
        at++;
    piece->text = scan->at;
    piece->len = (size_t)(at - scan->at);
    scan->at = at;
    return json_scan_take(scan, '"');
}

/* Takes up to 16 digits without a leading zero. */
static inline bool json_scan_number(struct json_scan *scan, struct json_piece *piece,
                                    uint64_t *value)
{
    const char *at = scan->at, *end = scan->end - at > 17 ? at + 17 : scan->end;
    uint64_t sum = 0;
    while (at < end && *at >= '0' && *at <= '9')
        sum = sum * 10 + (uint64_t)(*at++ - '0');
    *value = sum;
    piece->text = scan->at;
    piece->len = (size_t)(at - scan->at);
    scan->at = at;
    return piece->len == 1 || (piece->len >= 2 && piece->len <= 16 && *piece->text != '0');
}

static inline bool json_piece_is(const struct json_piece *piece, const char *word, size_t len)
{
    return piece->len == len && memcmp(piece->text, word, len) == 0;
}

#endif
