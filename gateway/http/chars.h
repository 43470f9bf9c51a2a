/* chars: classes of bytes in HTTP (RFC 9110, section 5.6.2), as tables. Never the locale's. */
#ifndef TASKMASTER_GATEWAY_HTTP_CHARS_H
#define TASKMASTER_GATEWAY_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>

static inline bool http_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool http_is_alnum(char c)
{
    return http_is_digit(c) || (http_lower(c) >= 'a' && http_lower(c) <= 'z');
}

/* A character of a token: of a method, or of a header's name. */
static inline bool http_is_token(char c)
{
    static const bool is[256] = {
        ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1,
        ['-'] = 1, ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1,  ['~'] = 1,
    };
    return http_is_alnum(c) || is[(unsigned char)c];
}

/* A byte of a header's value: no control character but a tab. */
static inline bool http_is_value(char c)
{
    unsigned char byte = (unsigned char)c;
    return (byte >= ' ' && byte != 0x7f) || byte == '\t';
}

/* The value of a hexadecimal digit, or -1. */
static inline int http_hex(char c)
{
    if (http_is_digit(c))
        return c - '0';
    c = http_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Equal but for the case of letters; `lower` is in lower case. */
static inline bool http_is_word(const char *text, const char *lower)
{
    while (*text && http_lower(*text) == *lower)
        text++, lower++;
    return *text == *lower;
}

#endif
