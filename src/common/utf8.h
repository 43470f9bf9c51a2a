/* utf8: where the characters of a text end that may be any bytes, and which of them a line of text
 * must not hold. */
#ifndef TASKMASTER_COMMON_UTF8_H
#define TASKMASTER_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

enum {
    UTF8_MAX = 4, /* bytes of a character */
};

/* The length of the character that the `len` bytes, one at least, begin with; 0 if they begin with
 * none (RFC 3629: shortest form, no surrogates, nothing over U+10FFFF). NUL is a character. */
size_t utf8_length(const char *text, size_t len);

/* The character of that length is U+0000 to U+001F, U+007F, or U+0080 to U+009F, which some
 * terminals obey as well (U+009B starts an escape sequence just as ESC [ does). */
bool utf8_is_control(const char *text, size_t length);

#endif
