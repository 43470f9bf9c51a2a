/*
 * json_line: the line of a JSON text in which a key stands. jansson tells lines of syntax errors
 * only, and keeps none for the values that it has read.
 */
#ifndef TASKMASTER_JSON_LINE_H
#define TASKMASTER_JSON_LINE_H

#include <stddef.h>

/* `text` is an object that jansson has accepted, with a NUL behind it. `path` names `depth` keys,
 * each inside the one before. Returns the line, from 1, of the deepest of them that is there; 0 if
 * the first is not. */
unsigned json_key_line(const char *text, const char *const *path, size_t depth);

#endif
