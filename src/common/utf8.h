/* utf8: finds the characters in arbitrary bytes, and the control characters among them. */
#ifndef TASKMASTER_COMMON_UTF8_H
#define TASKMASTER_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

enum {
    UTF8_MAX = 4, /* bytes of a character */
};

/* Returns the length in bytes of the first character of `text`, or 0 if the first bytes are no
 * valid character (RFC 3629: shortest form, no surrogates, nothing over U+10FFFF). `len` is at
 * least 1. NUL is a character. */
size_t utf8_length(const char *text, size_t len);

/* True if the character, of that length, is U+0000 to U+001F, U+007F, or U+0080 to U+009F. Some
 * terminals obey the last range, too (U+009B starts an escape sequence like ESC [). */
bool utf8_is_control(const char *text, size_t length);

#endif
