/*
 * json_line: where in a JSON text a key stands. jansson tells lines of syntax errors
 * only, and keeps none for the values that it has read.
 */
#ifndef TASKMASTER_CONFIG_JSON_LINE_H
#define TASKMASTER_CONFIG_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* `text` is an object that jansson has accepted, with a NUL behind it. `path` names `depth` keys,
 * each inside the one before. Returns the line, from 1, of the deepest of them that is there; 0 if
 * the first is not. */
unsigned json_key_line(const char *text, const char *const *path, size_t depth);

/* The last key that stands before `end`, as it is written there, into `key` of `size` bytes. What
 * is before `end` need only be the beginning of such a text. False if there is none that fits. */
bool json_last_key(const char *text, const char *end, char *key, size_t size);

#endif
