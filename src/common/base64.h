/* base64: bytes as text (RFC 4648, with padding). Inline: the command and the daemons share no
 * object. */
#ifndef TASKMASTER_COMMON_BASE64_H
#define TASKMASTER_COMMON_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the text for `size` bytes, without a NUL. */
#define BASE64_LEN(size) (((size) + 2) / 3 * 4)

/* Writes the text, without a NUL. */
static inline void base64_write(char *to, const void *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= left > 2 ? bytes[i + 2] : 0;
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[bits & 63] : '=';
    }
}

#endif
