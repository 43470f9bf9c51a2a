/* json_hint: names text in a file that cannot be JSON, in words for people: characters that an
 * editor wrote unseen, and habits from other formats. */
#ifndef TASKMASTER_CONFIG_JSON_HINT_H
#define TASKMASTER_CONFIG_JSON_HINT_H

#include <jansson.h>
#include <stddef.h>

/* Returns the fault of a file whose first bytes are no JSON; NULL if it may be JSON. Static. */
const char *json_hint_foreign(const char *text, size_t len);

/* Returns a hint to add to the parser's words, behind "; ", or "". `text` is the whole text; the
 * parser stopped at syntax->position. Static, until the next call. */
const char *json_hint_syntax(const char *text, const json_error_t *syntax);

/* Replaces each invisible character, and each blank outside ASCII, by "<U+FEFF>", as far as `size`
 * bytes have room. */
void json_hint_show_invisible(char *text, size_t size);

#endif
