/* queue_asked: see asked.h. */
#include "queue/clients/asked.h"

#include "queue/clients/session.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

void *queue_asked_new(size_t size, struct queue_session *session, const struct request *request,
                      bool holds, void (*forget)(struct queue_asked *asked))
{
    struct queue_asked *asked = xcalloc(1, size);
    asked->session = session;
    asked->operation = request->operation;
    asked->holds = holds;
    asked->forget = forget;
    memcpy(asked->id, request->id.text, request->id.len + 1);
    TAILQ_INSERT_TAIL(&session->asked, asked, link);
    return asked;
}

bool queue_asked_is_heard(const struct queue_asked *asked)
{
    return asked->session && conn_is_open(&asked->session->peer.conn);
}

void queue_asked_begin(struct event_writer *event, const struct queue_asked *asked,
                       const char *name)
{
    event_begin(event, &asked->session->peer.conn, name);
    event_json(event, "id", asked->id, strlen(asked->id));
}

void queue_asked_begin_ok(struct event_writer *event, const struct queue_asked *asked)
{
    queue_asked_begin(event, asked, "ok");
    event_word(event, "op", asked->operation->name);
}

void queue_asked_begin_error(struct event_writer *event, const struct queue_asked *asked,
                             const char *code, const char *message)
{
    queue_asked_begin(event, asked, "error");
    event_word(event, "op", asked->operation->name);
    event_word(event, "code", code);
    event_text(event, "message", message, strlen(message), MESSAGE_MAX);
}

void queue_asked_refuse(const struct queue_asked *asked, const char *code, const char *message)
{
    struct event_writer event;
    queue_asked_begin_error(&event, asked, code, message);
    event_end(&event);
}

void queue_asked_refuse_storage(const struct queue_asked *asked)
{
    queue_asked_refuse(asked, "storage", QUEUE_STORAGE_AWAY);
}

static void tell_page(const struct queue_asked *asked, const char *more, struct payload *payload)
{
    struct conn *conn = &asked->session->peer.conn;
    struct event_writer event;
    queue_asked_begin(&event, asked, asked->operation->name);
    if (more)
        event_put(&event, more, strlen(more));
    event_uint(&event, "size", payload->size);
    event_end(&event);
    conn_write_payload(conn, payload);
}

void queue_asked_tell_payload(const struct queue_asked *asked, struct payload *payload)
{
    tell_page(asked, NULL, payload);
}

void queue_asked_tell_page(const struct queue_asked *asked, const char *fields, const char *text)
{
    struct payload_budget *output = asked->session->peer.conn.loop->output;
    struct payload *payload = payload_from(output, text, strlen(text));
    tell_page(asked, fields, payload);
    payload_unref(payload);
}

void queue_asked_end(struct queue_asked *asked)
{
    struct queue_session *session = asked->session;
    if (session) {
        TAILQ_REMOVE(&session->asked, asked, link);
        if (asked->holds)
            conn_release_input(&session->peer.conn);
        peer_settle(&session->peer);
    }
    free(asked);
}

void queue_asked_forget_all(struct queue_session *session)
{
    struct queue_asked *asked;
    while ((asked = TAILQ_FIRST(&session->asked))) {
        TAILQ_REMOVE(&session->asked, asked, link);
        if (asked->forget) {
            asked->forget(asked);
            free(asked);
        } else {
            asked->session = NULL;
        }
    }
}

size_t queue_asked_count(const struct queue_session *session)
{
    const struct queue_asked *asked;
    size_t count = 0;
    TAILQ_FOREACH (asked, &session->asked, link)
        count++;
    return count;
}

bool queue_asked_holds(const struct queue_session *session)
{
    const struct queue_asked *asked;
    TAILQ_FOREACH (asked, &session->asked, link)
        if (asked->holds)
            return true;
    return false;
}
