/*
 * event_writer: the header line of an event, written by hand straight into a connection's output.
 *
 * Its texts come from inside, or are cut here, so that a header always fits into HEADER_MAX bytes:
 * id 386, op 386, context 1,024, message 512, code 64 and some 15 short fields come to less than
 * 3,000. A line that does not fit is our own bug.
 */
#ifndef TASKMASTER_PROTOCOL_EVENT_WRITER_H
#define TASKMASTER_PROTOCOL_EVENT_WRITER_H

#include "net/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_writer {
    struct conn *conn;
    char *start, *at, *end;
};

/* The connection must be open, and nothing else may be written to it before event_end(). */
void event_begin(struct event_writer *event, struct conn *conn, const char *name);

void event_uint(struct event_writer *event, const char *key, uint64_t value);
void event_bool(struct event_writer *event, const char *key, bool value);

/* A job's name: "BOOT-SEQ". */
void event_job(struct event_writer *event, const char *boot, uint64_t seq);

/* A text of ours that needs no escaping. */
void event_word(struct event_writer *event, const char *key, const char *text);

/* A list of such texts. An item is a prefix and a text. */
void event_list_begin(struct event_writer *event, const char *key);
void event_item(struct event_writer *event, const char *prefix, const char *text);
void event_list_end(struct event_writer *event);

/* Any bytes: control characters and what is not UTF-8 are replaced, and it is cut at `max` bytes of
 * JSON text, between characters. */
void event_text(struct event_writer *event, const char *key, const char *text, size_t len,
                size_t max);

/* JSON text as it stands; left out when it is empty. */
void event_json(struct event_writer *event, const char *key, const char *json, size_t len);

void event_end(struct event_writer *event);

#endif
