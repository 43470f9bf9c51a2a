/* settings_text: what stands in a file of settings and cannot be JSON, in words for people: what an
 * editor has put there unseen, and what they know from elsewhere. */
#ifndef TASKMASTER_CONFIG_SETTINGS_TEXT_H
#define TASKMASTER_CONFIG_SETTINGS_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* What the file begins with and no JSON does; NULL if it may be JSON. Static. */
const char *settings_text_foreign(const char *text, size_t len);

/* What helps beyond the parser's words, behind "; ", or "". `text` is what was parsed, up to where
 * that stopped. Static, until the next call. */
const char *settings_text_hint(const char *text, const json_error_t *syntax);

/* Puts "<U+FEFF>" in the place of a character that is not seen, and of a blank that is none of
 * ASCII's, as far as `size` bytes have room. */
void settings_text_show(char *text, size_t size);

#endif
