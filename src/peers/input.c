/*
 * input: the callbacks of a peer's connection and of its dialogue: headers, payloads, the end of
 * input, deadlines. The dialogue reads the requests and calls their operations.
 */
#include "peers/peers_internal.h"

#include "access/token_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- requests --- */

/* A held header comes again after the release. */
static void on_header(struct conn *conn, char *data, size_t len)
{
    struct peer *peer = peer_of_conn(conn);
    const struct peers_ops *ops = peer->peers->ops;
    if (ops->holds && ops->holds(peer))
        conn_hold_input(conn);
    else
        dialogue_header(&peer->dialogue, data, len);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    dialogue_message(&peer_of_conn(conn)->dialogue, payload, over_budget);
}

static void on_header_too_long(struct conn *conn)
{
    dialogue_header_too_long(&peer_of_conn(conn)->dialogue);
}

void peer_on_greeted(struct dialogue *dialogue, const struct request *request)
{
    peer_greet(peer_of_dialogue(dialogue), token_digest(request->token.text));
}

unsigned peer_on_rights(struct dialogue *dialogue)
{
    return peer_grant(peer_of_dialogue(dialogue))->rights;
}

void peer_on_failed(struct dialogue *dialogue, const struct refusal *refusal)
{
    struct peer *peer = peer_of_dialogue(dialogue);
    peers_log_error(peer, refusal->code, refusal->message);
    peer_note_end(peer, PEER_END_ERROR);
    peer_end(peer);
}

void peer_on_fail_later(struct dialogue *dialogue)
{
    peer_fail_later(peer_of_dialogue(dialogue));
}

/* --- a request whose payload is on its way --- */

/* Fills the refusal with its fields. */
static void fill(const struct peer *peer, struct refusal *refusal, const char *code,
                 const char *message)
{
    const struct peers_ops *ops = peer->peers->ops;
    const struct refusal *kept = peer->dialogue.refusal;
    if (ops->arriving && ops->arriving(peer, refusal, code, message))
        return;
    refusal_init(refusal, code, message);
    if (!kept)
        return;
    *refusal = *kept;
    refusal->code = code;
    snprintf(refusal->message, sizeof refusal->message, "%s", message);
}

/* Writes how much of the payload has come. */
static void describe_payload(const struct peer *peer, const char *id, char *text, size_t size)
{
    const struct dialogue *dialogue = &peer->dialogue;
    size_t id_len = strlen(id);
    int shown = (int)(id_len < ID_SHOWN_MAX ? id_len : ID_SHOWN_MAX);
    snprintf(text, size, "payload of %s%s%.*s: %zu of %zu bytes came",
             dialogue->last ? dialogue->last->name : "a request", shown ? ", id " : "", shown, id,
             dialogue->last_size - peer->conn.missing, dialogue->last_size);
}

/* --- the end of input --- */

/* The rest of the message is not waited for. The log shows a client's author a wrong size. */
static void log_truncated(const struct peer *peer)
{
    char text[256];
    struct refusal refusal;
    if (peer->conn.in_payload) {
        fill(peer, &refusal, "", "");
        describe_payload(peer, refusal.id, text, sizeof text);
    } else {
        snprintf(text, sizeof text, "a header without its LF: %" PRIu32 " bytes came",
                 peer->conn.partial_len);
    }
    peers_log_truncated(peer, text);
}

static void on_input_end(struct conn *conn)
{
    struct peer *peer = peer_of_conn(conn);
    if (peer->state == PEER_SUSPECT)
        return; /* the delayed refusal is still to be told */
    if (peer_is_read(peer) && (conn->in_payload || conn->partial_len))
        log_truncated(peer);
    peer_note_end(peer, PEER_END_OF_INPUT);
    peer_end(peer);
    if (peer->state == PEER_LINGER)
        peer_close(peer, "end of input");
    else
        peer_settle(peer);
}

static void on_gone(struct conn *conn, const char *why)
{
    peer_note_end(peer_of_conn(conn), PEER_END_RESET);
    peer_close(peer_of_conn(conn), why);
}

/* --- deadlines --- */

static void fail_slow(struct peer *peer, const char *what, const char *setting)
{
    struct refusal refusal;
    fill(peer, &refusal, "too-slow", "");
    char *text = refusal.message;
    size_t size = sizeof refusal.message;
    int n = snprintf(text, size, "%s within %s, %" PRIu32 " ms", what, setting,
                     peer->conn.input_limit_ms);
    if (peer->conn.in_payload) {
        n += snprintf(text + n, size - (size_t)n, "; ");
        describe_payload(peer, refusal.id, text + n, size - (size_t)n);
    }
    peer_fail_with(peer, &refusal);
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    struct peer *peer = peer_of_conn(conn);
    switch (what) {
    case CONN_SLOW_HEADER:
        fail_slow(peer, "a header was not whole", "header-timeout-ms");
        break;
    case CONN_SLOW_PAYLOAD:
        fail_slow(peer, "a payload was not whole", "payload-timeout-ms");
        break;
    case CONN_SLOW_OUTPUT:
        peer_drop(peer, "it took nothing of its output within output-timeout-ms",
                  "a client has to read while it waits for results");
        break;
    case CONN_OUTPUT_TOTAL:
        peer_drop(peer,
                  "output-total-max is used up, and of the clients that hold much of it this "
                  "one has taken nothing for the longest",
                  "raise output-total-max if clients that read are closed");
        break;
    }
}

/* --- output --- */

static void on_taken(struct conn *conn)
{
    struct peer *peer = peer_of_conn(conn);
    if (peer->peers->ops->taken)
        peer->peers->ops->taken(peer);
}

static void on_flushed(struct conn *conn)
{
    on_taken(conn);
    peer_settle(peer_of_conn(conn));
}

static void on_free(struct conn *conn)
{
    peer_free(peer_of_conn(conn));
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

int peer_input_open(struct peer *peer, int fd)
{
    struct peers *peers = peer->peers;
    dialogue_init(&peer->dialogue, peers->ops->protocol, &peer->conn,
                  (uint32_t)peers->settings->payload_max);
    return conn_open(&peer->conn, peers->loop, fd, &conn_ops, &peers->limits.unauthenticated);
}
