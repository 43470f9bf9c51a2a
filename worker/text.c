/* text: see text.h. The master checks what a worker sends once more; this side does it so that a
 * cut never splits a character and a message reads the same in the log and in the event. */
#include "text.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The length of the valid UTF-8 character that `s` begins with, or 0. A NUL ends every sequence, so
 * nothing is read past the end of the string. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        return continues(s[1]) ? 2 : 0;
    if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        bool overlong = s[0] == 0xE0 && s[1] < 0xA0;
        bool surrogate = s[0] == 0xED && s[1] > 0x9F;
        return continues(s[1]) && !overlong && !surrogate && continues(s[2]) ? 3 : 0;
    }
    if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        bool overlong = s[0] == 0xF0 && s[1] < 0x90;
        bool beyond = s[0] == 0xF4 && s[1] > 0x8F;
        return continues(s[1]) && !overlong && !beyond && continues(s[2]) && continues(s[3]) ? 4
                                                                                             : 0;
    }
    return 0;
}

/* U+0000 to U+001F, U+007F, and U+0080 to U+009F, which some terminals obey as well. */
static bool is_control(const unsigned char *s, size_t length)
{
    return (length == 1 && (s[0] < 0x20 || s[0] == 0x7F)) ||
           (length == 2 && s[0] == 0xC2 && s[1] < 0xA0);
}

size_t text_clean(char *out, size_t out_size, const char *in)
{
    const unsigned char *s = (const unsigned char *)in;
    size_t used = 0;

    while (*s != '\0') {
        size_t length = utf8_length(s);
        const char *piece = (const char *)s;
        size_t piece_len = length;
        if (length == 0) {
            piece = REPLACEMENT;
            piece_len = strlen(REPLACEMENT);
        } else if (is_control(s, length)) {
            piece = " ";
            piece_len = 1;
        }
        if (used + piece_len >= out_size)
            break;
        memcpy(out + used, piece, piece_len);
        used += piece_len;
        s += length > 0 ? length : 1;
    }
    out[used] = '\0';
    return used;
}

size_t text_one_line(char *out, size_t out_size, const char *in)
{
    size_t used = strnlen(in, out_size - 1);

    for (size_t i = 0; i < used; i++)
        out[i] = (char)(in[i] == '\n' ? '\0' : in[i]);
    out[used] = '\0';
    return used;
}
