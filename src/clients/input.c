/*
 * client_input: what a session's connection tells: headers, payloads, the end of input, deadlines.
 * A request is framed here and handed to its operation; the verdict on it is the session's to
 * carry out.
 */
#include "clients/clients_internal.h"

#include "common/limits.h"
#include "protocol/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct client_session *session_of(struct conn *conn)
{
    return (struct client_session *)((char *)conn - offsetof(struct client_session, conn));
}

/* --- headers --- */

/* Explains a header that is no JSON: often it is the rest of a payload whose size was wrong. */
static void add_hint(const struct client_session *session, char *message, size_t size)
{
    size_t len = strlen(message);
    if (session->last_op == OP_SUBMIT)
        snprintf(message + len, size - len,
                 " (the message before it had size %zu: is that the length of its payload?)",
                 session->last_size);
}

static ssize_t header_end(const char *data, size_t len)
{
    const char *lf = memchr(data, '\n', len < HEADER_MAX ? len : HEADER_MAX);
    if (lf)
        return lf - data + 1;
    return len < HEADER_MAX ? 0 : -1;
}

static void on_header_too_long(struct conn *conn)
{
    struct client_session *session = session_of(conn);
    char text[REQUEST_MESSAGE_MAX] =
        "no LF within 4096 bytes; a header is one line of JSON, then the payload";
    add_hint(session, text, sizeof text);
    client_session_fail(session, NULL, "header-too-long", text);
}

/* Before hello was answered, every fault is fatal. */
static enum request_verdict check_first(struct request *request, enum request_verdict verdict)
{
    if (verdict == REQUEST_BROKEN)
        return verdict;
    if (request->op != OP_HELLO)
        return request_refuse(request, REQUEST_BROKEN, "hello-required",
                              "the first request must be hello");
    return verdict == REQUEST_FINE ? REQUEST_FINE : REQUEST_BROKEN;
}

static void take_request(struct client_session *session, struct request *request,
                         enum request_verdict verdict)
{
    if (verdict == REQUEST_BROKEN && strcmp(request->code, "bad-json") == 0)
        add_hint(session, request->message, sizeof request->message);
    session->last_op = (uint8_t)request->op;
    session->last_size = request->size;
    if (!session->greeted)
        verdict = check_first(request, verdict);
    /* A second hello is refused as that, whatever else is wrong with it. */
    if (verdict == REQUEST_FINE || (verdict == REQUEST_WRONG && request->op == OP_HELLO))
        verdict = client_requests_answer(session, request);
    client_session_apply(session, request, verdict);
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    static struct request request; /* large, and used by one call at a time */
    struct client_session *session = session_of(conn);
    len--;
    if (len && data[len - 1] == '\r')
        len--;
    enum request_verdict verdict = request_parse(&request, data, len, session->payload_max);
    take_request(session, &request, verdict);
    /* The token would stay until the next header of any client. */
    if (request.token[0])
        explicit_bzero(request.token, sizeof request.token);
}

/* --- payloads --- */

/* A payload has passed: that of a wrong request, or that of a submit. */
static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct client_session *session = session_of(conn);
    struct refusal *refusal = session->refusal;
    struct job *job = session->arriving;
    if (refusal) {
        session->refusal = NULL;
        client_refusal_write(session, refusal, false);
        free(refusal);
        return;
    }
    session->arriving = NULL;
    job->asked.payload = payload;
    job->run.over_budget = over_budget;
    if (!client_requests_submit(session, job, session->arriving_module,
                                session->arriving_module_len))
        client_session_refuse_job(session, job);
}

/* Tells how much of the payload has come. */
static void describe_payload(const struct client_session *session, char *text, size_t size)
{
    const struct job *job = session->arriving;
    const char *id = job ? job_id(job) : session->refusal->id;
    size_t id_len = job ? job->asked.id_len : strlen(id);
    int shown = (int)(id_len < ID_SHOWN_MAX ? id_len : ID_SHOWN_MAX);
    snprintf(text, size, "payload of %s%s%.*s: %zu of %zu bytes came",
             session->last_op == OP_NONE ? "a request" : op_name((enum op)session->last_op),
             shown ? ", id " : "", shown, id, session->last_size - session->conn.missing,
             session->last_size);
}

/* --- the end of input --- */

/* The rest of the message is not waited for. The log helps a client's author who counted wrong. */
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
    client_session_end(session);
    if (session->state == SESSION_LINGER)
        client_session_close(session, "end of input");
    else
        client_session_settle(session);
}

static void on_gone(struct conn *conn, const char *why)
{
    client_session_close(session_of(conn), why);
}

/* --- deadlines --- */

/* Fills the refusal with the fields of the request whose payload is late, if there is one. */
static void fill_slow(const struct client_session *session, struct refusal *refusal,
                      const char *message)
{
    if (session->arriving) {
        client_refusal_init_job(refusal, session->arriving, "too-slow", message);
        return;
    }
    client_refusal_init(refusal, NULL, "too-slow", message);
    if (!session->refusal)
        return;
    *refusal = *session->refusal;
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
    dispatcher_source_unread(session->clients->dispatcher, &session->source, conn->output_len);
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

const struct conn_ops client_input_ops = {
    .header_end = header_end,
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
