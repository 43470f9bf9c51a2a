/* clean: makes text of the other side fit to be shown. A server, a module or a stranger listening
 * at the address must not steer the terminal. Calls nobody. */
#ifndef TASKMASTER_CLIENT_LIB_CLEAN_H
#define TASKMASTER_CLIENT_LIB_CLEAN_H

#include <stdbool.h>

/* Replaces control characters (U+0000 to U+001F, U+007F to U+009F) by '?'. Does the same with bytes
 * from 0x80 to 0xbf outside of a character: terminals without UTF-8 take some of them for control
 * characters too. */
void tmc_clean(char *text);

/* True at one of U+0080 to U+009F, two bytes long. */
static inline bool tmc_clean_is_c1(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    return c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
}

#endif
