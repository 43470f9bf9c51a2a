/* clean: text of the other side on its way to a person. A server, a module or a stranger that
 * listens at the address must not steer the terminal. */
#ifndef TASKMASTER_CLIENT_LIB_CLEAN_H
#define TASKMASTER_CLIENT_LIB_CLEAN_H

#include <stdbool.h>

/* Puts '?' in the place of every control character (U+0000 to U+001F, U+007F to U+009F) and of a
 * byte from 0x80 to 0xbf that belongs to no character: terminals that do not read UTF-8 take some
 * of those for control characters too. */
void tmc_clean(char *text);

/* U+0080 to U+009F, in two bytes. */
static inline bool tmc_clean_is_c1(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    return c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
}

#endif
