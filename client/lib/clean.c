/* clean: see clean.h. Does without common/utf8.h: the static library brings only symbols of its own
 * into a program. */
#include "clean.h"

/* The number of bytes to follow this first byte of a character. */
static int following(unsigned char first)
{
    if (first < 0xc0)
        return 0;
    if (first < 0xe0)
        return 1;
    return first < 0xf0 ? 2 : 3;
}

void tmc_clean(char *text)
{
    int due = 0; /* missing bytes of the current character */
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        bool c1 = tmc_clean_is_c1((const char *)c);
        bool continues = c[0] >= 0x80 && c[0] < 0xc0;
        if (c1)
            *c++ = '?';
        if (continues && due > 0) {
            due--;
        } else if (c1 || continues || *c < 0x20 || *c == 0x7f) {
            *c = '?';
            due = 0;
        } else {
            due = following(*c);
        }
    }
}
