/*
 * json_writer: JSON text, written by hand.
 *
 * A list of a thousand jobs has twenty thousand values. As jansson's objects they would take ten
 * times as long, and everybody waits meanwhile. A stream of open_memstream() would lose bytes
 * silently without memory, and the text with them.
 */
#ifndef TASKMASTER_BASE_JSON_WRITER_H
#define TASKMASTER_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_writer {
    char *text; /* owned */
    size_t len, size;
    bool more; /* a value stands before the next one */
};

void json_writer_open(struct json_writer *json);

/* Returns the text; the caller frees it. */
char *json_writer_close(struct json_writer *json);

/* A member of an object; an item of a list if `key` is NULL. Keys are ASCII letters and
 * underscores. */
void json_writer_begin(struct json_writer *json, const char *key, char bracket);
void json_writer_end(struct json_writer *json, char bracket);
void json_writer_uint(struct json_writer *json, const char *key, uint64_t value);
void json_writer_bool(struct json_writer *json, const char *key, bool value);
void json_writer_null(struct json_writer *json, const char *key);

/* From 0 to 1. */
void json_writer_fraction(struct json_writer *json, const char *key, double value);

/* Bytes that are no UTF-8 become question marks; null for NULL. */
void json_writer_text(struct json_writer *json, const char *key, const char *text);

/* JSON text, unchanged. */
void json_writer_json(struct json_writer *json, const char *key, const char *text, size_t len);

#endif
