/*
 * client_input: the callbacks of a session's connection: headers, payloads, the end of input,
 * deadlines. The dialogue reads the requests and calls their operations.
 */
#include "clients/clients_internal.h"

#include "access/token_set.h"
#include "clients/ops/ops.h"
#include "clients/ops/submit_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct client_session *session_of(struct conn *conn)
{
    return (struct client_session *)((char *)conn - offsetof(struct client_session, conn));
}

/* --- requests --- */

static void on_header(struct conn *conn, char *data, size_t len)
{
    dialogue_header(&session_of(conn)->dialogue, data, len);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    dialogue_message(&session_of(conn)->dialogue, payload, over_budget);
}

static void on_header_too_long(struct conn *conn)
{
    dialogue_header_too_long(&session_of(conn)->dialogue);
}

static void on_greeted(struct dialogue *dialogue, const struct request *request)
{
    client_session_greet(client_session_of_dialogue(dialogue), token_digest(request->token.text));
}

static unsigned rights(struct dialogue *dialogue)
{
    return client_tokens_grant(client_session_of_dialogue(dialogue))->rights;
}

static void on_amend(struct dialogue *dialogue, struct refusal *refusal, bool fatal)
{
    client_refusal_amend(client_session_of_dialogue(dialogue), refusal, fatal);
}

static void on_failed(struct dialogue *dialogue, const struct refusal *refusal)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    client_log_error(session, refusal->code, refusal->message);
    client_session_note_end(session, CLIENT_ERROR);
    client_session_end(session);
}

static void on_fail_later(struct dialogue *dialogue)
{
    client_session_fail_later(client_session_of_dialogue(dialogue));
}

static const struct protocol protocol = {
    .operations = client_ops,
    .request = &client_ops_request.base,
    .request_size = sizeof client_ops_request,
    .scanned_size = CLIENT_REQUEST_SCANNED,
    .scan = submit_scan,
    .greeted = on_greeted,
    .rights = rights,
    .amend = on_amend,
    .failed = on_failed,
    .fail_later = on_fail_later,
};

/* --- the end of input --- */

/* Writes how much of the payload has come. */
static void describe_payload(const struct client_session *session, char *text, size_t size)
{
    const struct dialogue *dialogue = &session->dialogue;
    const struct job *job = session->arriving;
    const char *id = job ? job_id(job) : dialogue->refusal->id;
    size_t id_len = job ? job->asked.id_len : strlen(id);
    int shown = (int)(id_len < ID_SHOWN_MAX ? id_len : ID_SHOWN_MAX);
    snprintf(text, size, "payload of %s%s%.*s: %zu of %zu bytes came",
             dialogue->last ? dialogue->last->name : "a request", shown ? ", id " : "", shown, id,
             dialogue->last_size - session->conn.missing, dialogue->last_size);
}

/* The rest of the message is not waited for. The log shows a client's author a wrong size. */
static void log_truncated(const struct client_session *session)
{
    char text[256];
    if (session->conn.in_payload)
        describe_payload(session, text, sizeof text);
    else
        snprintf(text, sizeof text, "a header without its LF: %" PRIu32 " bytes came",
                 session->conn.partial_len);
    client_log_truncated(session, text);
}

static void on_input_end(struct conn *conn)
{
    struct client_session *session = session_of(conn);
    if (session->state == SESSION_SUSPECT)
        return; /* the delayed refusal is still to be told */
    if (client_session_is_read(session) && (conn->in_payload || conn->partial_len))
        log_truncated(session);
    client_session_note_end(session, CLIENT_CLOSED);
    client_session_end(session);
    if (session->state == SESSION_LINGER)
        client_session_close(session, "end of input");
    else
        client_session_settle(session);
}

static void on_gone(struct conn *conn, const char *why)
{
    client_session_note_end(session_of(conn), CLIENT_RESET);
    client_session_close(session_of(conn), why);
}

/* --- deadlines --- */

/* Fills the refusal with the fields of the request, if its payload is late. */
static void fill_slow(const struct client_session *session, struct refusal *refusal,
                      const char *message)
{
    if (session->arriving) {
        client_refusal_init_job(refusal, session->arriving, "too-slow", message);
        return;
    }
    refusal_init(refusal, "too-slow", message);
    if (!session->dialogue.refusal)
        return;
    *refusal = *session->dialogue.refusal;
    refusal->code = "too-slow";
    snprintf(refusal->message, sizeof refusal->message, "%s", message);
}

static void fail_slow(struct client_session *session, const char *what, const char *setting)
{
    struct refusal refusal;
    char text[REQUEST_MESSAGE_MAX];
    int n = snprintf(text, sizeof text, "%s within %s, %" PRIu32 " ms", what, setting,
                     session->conn.input_limit_ms);
    if (session->conn.in_payload) {
        n += snprintf(text + n, sizeof text - (size_t)n, "; ");
        describe_payload(session, text + n, sizeof text - (size_t)n);
    }
    fill_slow(session, &refusal, text);
    client_session_fail_with(session, &refusal);
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    struct client_session *session = session_of(conn);
    switch (what) {
    case CONN_SLOW_HEADER:
        fail_slow(session, "a header was not whole", "header-timeout-ms");
        break;
    case CONN_SLOW_PAYLOAD:
        fail_slow(session, "a payload was not whole", "payload-timeout-ms");
        break;
    case CONN_SLOW_OUTPUT:
        client_session_drop(session, "it took nothing of its output within output-timeout-ms",
                            "a client has to read while it waits for results");
        break;
    case CONN_OUTPUT_TOTAL:
        client_session_drop(
            session,
            "output-total-max is used up, and of the clients that hold much of it this "
            "one has taken nothing for the longest",
            "raise output-total-max if clients that read are closed");
        break;
    }
}

/* --- output --- */

static void on_taken(struct conn *conn)
{
    struct client_session *session = session_of(conn);
    if (session->source.reader)
        client_reader_taken(session);
    client_session_note_unread(session);
}

static void on_flushed(struct conn *conn)
{
    on_taken(conn);
    client_session_settle(session_of(conn));
}

static void on_free(struct conn *conn)
{
    client_session_free(session_of(conn));
}

static const struct conn_ops conn_ops = {
    .header_end = dialogue_header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .flushed = on_flushed,
    .taken = on_taken,
    .free = on_free,
};

int client_input_open(struct client_session *session, int fd)
{
    struct clients *clients = session->clients;
    dialogue_init(&session->dialogue, &protocol, &session->conn,
                  (uint32_t)clients->settings->payload_max);
    return conn_open(&session->conn, clients->loop, fd, &conn_ops,
                     &clients->limits.unauthenticated);
}
