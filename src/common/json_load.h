/*
 * json_load: reads JSON text with numbers of any size.
 *
 * RFC 8259 does not limit numbers. jansson refuses integers beyond 64 bits and fractions beyond a
 * double anywhere in a text, even if nobody uses the value. json_load_any() then replaces each such
 * number by a stand-in near to it and reads the text again. A caller needing the exact number reads
 * its text (json_raw.h). A stand-in is as long as its number, to keep positions in errors right.
 *
 * The functions are inline, because the server and the library share no object.
 */
#ifndef TASKMASTER_COMMON_JSON_LOAD_H
#define TASKMASTER_COMMON_JSON_LOAD_H

#include "common/json_raw.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

enum {
    JSON_LOAD_INTEGER_DIGITS = 18, /* any number of so many digits fits into 64 bits */
    JSON_LOAD_DOUBLE_POWER = 308,  /* the largest power of 10 sure to fit into a double */
    JSON_LOAD_POWER_MAX = 1000000, /* larger exponents make no difference */
};

/* A number as in RFC 8259. */
struct json_load_number {
    size_t len;
    bool integer; /* no fraction, no exponent */
    long power;   /* the number is less than 10 to this power */
};

static inline size_t json_load_count_digits(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return (size_t)(at - start);
}

/* Reads an exponent: `e`, a sign, digits. Returns its length in bytes, or 0 if there is none. */
static inline size_t json_load_scan_exponent(const char *at, const char *end, long *exponent)
{
    const char *start = at++;
    bool minus = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    size_t digits = json_load_count_digits(at, end);
    for (*exponent = 0; digits; digits--, at++)
        if (*exponent < JSON_LOAD_POWER_MAX)
            *exponent = *exponent * 10 + (*at - '0');
    bool whole = at[-1] >= '0' && at[-1] <= '9';
    if (minus)
        *exponent = -*exponent;
    return whole ? (size_t)(at - start) : 0;
}

/* Returns false if there is no number at `at`. */
static inline bool json_load_scan_number(const char *at, const char *end,
                                         struct json_load_number *number)
{
    const char *start = at;
    long exponent = 0;
    *number = (struct json_load_number){.integer = true};
    at += *at == '-';
    size_t digits = json_load_count_digits(at, end);
    if (!digits || (digits > 1 && *at == '0'))
        return false;
    if (*at != '0')
        number->power = (long)digits;
    at += digits;
    if (at < end && *at == '.') {
        number->integer = false;
        digits = json_load_count_digits(++at, end);
        at += digits;
        if (!digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        number->integer = false;
        size_t len = json_load_scan_exponent(at, end, &exponent);
        at += len;
        if (!len)
            return false;
    }
    number->power += exponent;
    number->len = (size_t)(at - start);
    return true;
}

/* Overwrites a number too large for jansson with one of the same length. */
static inline void json_load_shrink_number(char *at, const struct json_load_number *number)
{
    if (number->power > JSON_LOAD_DOUBLE_POWER) { /* has at least five digits */
        bool minus = *at == '-';
        memset(at, ' ', number->len);
        memcpy(at, minus ? "-1e308" : "1e308", minus ? 6 : 5);
    } else if (number->integer && number->power > JSON_LOAD_INTEGER_DIGITS) {
        at[number->len - 2] = 'e'; /* in the place of the last two digits */
        at[number->len - 1] = '2';
    }
}

/* Shrinks all large numbers of a text; the text need not be valid. */
static inline void json_load_shrink_numbers(char *text, size_t len)
{
    char *at = text, *end = text + len;
    struct json_load_number number;
    while (at < end) {
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++)
                at += *at == '\\' && at + 1 < end;
            at += at < end;
        } else if ((*at == '-' || (*at >= '0' && *at <= '9')) &&
                   json_load_scan_number(at, end, &number)) {
            json_load_shrink_number(at, &number);
            at += number.len;
        } else {
            at++;
        }
    }
}

/* Does the same as json_loadb(), with numbers of any size; the copy comes from jansson's
 * allocator. */
static inline json_t *json_load_any(const char *text, size_t len, size_t flags, json_error_t *error)
{
    error->text[JSON_ERROR_TEXT_LENGTH - 1] =
        json_error_unknown; /* the code; no memory sets none */
    json_t *root = json_loadb(text, len, flags, error);
    if (root || json_error_code(error) != json_error_numeric_overflow)
        return root;
    json_malloc_t take;
    json_free_t give;
    json_get_alloc_funcs(&take, &give);
    char *copy = take(len);
    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    json_load_shrink_numbers(copy, len);
    root = json_loadb(copy, len, flags, error);
    give(copy);
    return root;
}

#endif
