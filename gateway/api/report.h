/*
 * report: an event of a daemon, in the form for clients of HTTP.
 *
 * Members are copied as JSON text. A payload is `payload` if it is text, else `payload_base64`, as
 * in the output of the command.
 */
#ifndef TASKMASTER_GATEWAY_API_REPORT_H
#define TASKMASTER_GATEWAY_API_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct json_writer;
struct payload;
struct upstream_event;

/* Copies the members with these names; the list ends with NULL. */
void report_members(struct json_writer *json, const struct upstream_event *event,
                    const char *const *names);

/* A member that is a string without escapes: an id, a word. False: there is none, or another. */
bool report_word(const struct upstream_event *event, const char *name, char *to, size_t size);

/* The first bytes of a text that are whole characters, `len` of them at most. */
size_t report_whole(const char *text, size_t len);

/* A member for the bytes. */
void report_bytes(struct json_writer *json, const char *bytes, size_t len);

/* Copies a payload. The caller frees the bytes, which end with a NUL. */
char *report_copy(const struct payload *payload, size_t from, size_t len);

#endif
