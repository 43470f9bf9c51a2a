/* text: see text.h. The master checks a worker's texts again. This side cleans them so that a cut
 * never splits a character, and a message reads the same in the log and in the event. */
#include "text.h"

#include "common/utf8.h"

#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

size_t text_clean(char *out, size_t out_size, const char *in)
{
    size_t used = 0;

    while (*in != '\0') {
        size_t length = utf8_length(in, strnlen(in, UTF8_MAX));
        const char *piece = in;
        size_t piece_len = length;
        if (length == 0) {
            piece = REPLACEMENT;
            piece_len = strlen(REPLACEMENT);
        } else if (utf8_is_control(in, length)) {
            piece = " ";
            piece_len = 1;
        }
        if (used + piece_len >= out_size)
            break;
        memcpy(out + used, piece, piece_len);
        used += piece_len;
        in += length > 0 ? length : 1;
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
