/*
 * teller: writes events of a daemon to a stream of server-sent events, a piece at a time.
 *
 * A payload is told in pieces: all but the last one as events `part`, the last one in the event
 * itself. While a client reads slowly, the rest of one event waits here.
 */
#ifndef TASKMASTER_GATEWAY_API_TELLER_H
#define TASKMASTER_GATEWAY_API_TELLER_H

#include "base/json_writer.h"
#include "gateway/http/sse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload;
struct upstream_event;

/* The id of the last event. An EventSource connects again after the end, and tells it. */
#define TELLER_LAST_ID "end"

struct teller {
    struct sse sse;
    char job[65];           /* "": not known yet */
    uint64_t parts, events; /* told so far */
    /* The event that is being told: */
    const char *name; /* NULL: none */
    struct json_writer json;
    struct payload *payload;
    size_t told; /* bytes of it */
    bool is_part;
    bool has_ended; /* it is the last one, or that is told */
};

/* The response begins; the job is known by now. */
void teller_begin(struct teller *teller, struct http_exchange *exchange);

/* Takes an event; the one before must be told. Unknown ones are left out. */
void teller_take(struct teller *teller, const struct upstream_event *event);

/* An event with `members` alone: JSON text, each with its comma before it. */
void teller_say(struct teller *teller, const char *name, const char *members, bool is_last);

/* Writes while there is room. True: all is told. */
bool teller_go_on(struct teller *teller);

/* Frees the event that is being told. */
void teller_clear(struct teller *teller);

#endif
