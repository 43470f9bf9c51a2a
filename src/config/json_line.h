/* json_line: finds the line of a key in a JSON text. jansson tells lines of syntax errors only, and
 * keeps none for values. */
#ifndef TASKMASTER_CONFIG_JSON_LINE_H
#define TASKMASTER_CONFIG_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* `text` is an object accepted by jansson, with a NUL behind it. `path` names `depth` keys, each
 * inside the one before. Returns the line, from 1, of the deepest key found; 0 without the first
 * key. */
unsigned json_key_line(const char *text, const char *const *path, size_t depth);

/* Copies the last key before `end`, as written, into `key` of `size` bytes. The text before `end`
 * may be only the beginning of an object. Returns false if there is no key, or no room for it. */
bool json_last_key(const char *text, const char *end, char *key, size_t size);

#endif
