/* answer: see answer.h. */
#include "protocol/answer.h"

#include <string.h>

void answer_begin(struct event_writer *event, const struct dialogue *dialogue,
                  const struct request *request, const char *name)
{
    event_begin(event, dialogue->conn, name);
    event_json(event, "id", request->id.text, request->id.len);
}

void answer_begin_ok(struct event_writer *event, const struct dialogue *dialogue,
                     const struct request *request)
{
    answer_begin(event, dialogue, request, "ok");
    event_word(event, "op", request->operation->name);
}

void answer_ok(const struct dialogue *dialogue, const struct request *request)
{
    struct event_writer event;
    answer_begin_ok(&event, dialogue, request);
    event_end(&event);
}

/* Ends the event with a payload. */
static void end_with(struct event_writer *event, const char *text)
{
    struct conn *conn = event->conn;
    size_t len = strlen(text);
    struct payload *payload = payload_from(conn->loop->output, text, len);
    event_uint(event, "size", len);
    event_end(event);
    conn_write_payload(conn, payload);
    payload_unref(payload);
}

void answer_text(const struct dialogue *dialogue, const struct request *request, const char *text)
{
    struct event_writer event;
    answer_begin(&event, dialogue, request, request->operation->name);
    end_with(&event, text);
}

void answer_page(const struct dialogue *dialogue, const struct request *request, const char *after,
                 const char *text)
{
    struct event_writer event;
    answer_begin(&event, dialogue, request, request->operation->name);
    event_bool(&event, "more", after != NULL);
    if (after)
        event_word(&event, "after", after);
    end_with(&event, text);
}
