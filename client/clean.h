/* clean: text of the other side on its way to a person. A server, a module or a stranger that
 * listens at the address must not steer the terminal. */
#ifndef TASKMASTER_CLIENT_CLEAN_H
#define TASKMASTER_CLIENT_CLEAN_H

/* Puts '?' in the place of every control character (U+0000 to U+001F, U+007F to U+009F) and of a
 * byte from 0x80 to 0xbf that belongs to no character: terminals that do not read UTF-8 take some
 * of those for control characters too. */
void tmc_clean(char *text);

#endif
