/*
 * event_writer: the header line of an event, written by hand straight into a connection's output.
 * A daemon that is another's client writes its requests in the same way.
 *
 * A header always fits into HEADER_MAX bytes: its texts are our own, or limited by the parser, or
 * cut here. Id 386, op 386, context 1,024, message 512, code 64 and some 15 short fields come to
 * less than 3,000. A longer line is a bug, and aborts.
 */
#ifndef TASKMASTER_PROTOCOL_EVENT_WRITER_H
#define TASKMASTER_PROTOCOL_EVENT_WRITER_H

#include "common/log.h"
#include "net/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { CLIENT_NAME_SHOWN = 128 }; /* 64 quotes, escaped */

struct event_writer {
    struct conn *conn;
    char *start, *at, *end;
};

/* The connection must be open, and nothing else may be written to it before event_end(). */
void event_begin(struct event_writer *event, struct conn *conn, const char *name);

/* Likewise a request: a header with `op`. */
void event_begin_request(struct event_writer *event, struct conn *conn, const char *op);

/* Keys are literals: inline, their length costs nothing. */
static inline void event_put(struct event_writer *event, const char *bytes, size_t len)
{
    bug_on(len > (size_t)(event->end - event->at));
    memcpy(event->at, bytes, len);
    event->at += len;
}

static inline void event_key(struct event_writer *event, const char *key)
{
    event_put(event, ",\"", 2);
    event_put(event, key, strlen(key));
    event_put(event, "\":", 2);
}

void event_digits(struct event_writer *event, uint64_t value);

static inline void event_uint(struct event_writer *event, const char *key, uint64_t value)
{
    event_key(event, key);
    event_digits(event, value);
}

/* A number of 0 to 1, in steps of a millionth. */
void event_fraction(struct event_writer *event, const char *key, double value);

void event_bool(struct event_writer *event, const char *key, bool value);

/* A job's name: "BOOT-SEQ". */
void event_job(struct event_writer *event, const char *boot, uint64_t seq);

/* A text of our own, without characters to escape. */
void event_word(struct event_writer *event, const char *key, const char *text);

/* A list of such texts. An item is a prefix and a text, in one string. */
void event_list_begin(struct event_writer *event, const char *key);
void event_item(struct event_writer *event, const char *prefix, const char *text);
void event_list_end(struct event_writer *event);

/* Any bytes. Control characters and invalid UTF-8 are replaced. The text is cut at `max` bytes of
 * JSON text, between characters. */
void event_text(struct event_writer *event, const char *key, const char *text, size_t len,
                size_t max);

/* JSON text, unchanged; without any, the field is left out. */
void event_json(struct event_writer *event, const char *key, const char *json, size_t len);

/* A client, as an object of its number and its name, of at most CLIENT_NAME_SHOWN bytes of JSON
 * text; NULL: it has none. */
void event_client(struct event_writer *event, const char *key, uint64_t number, const char *name);

void event_end(struct event_writer *event);

#endif
