/* worker_connection: see connection.h. */
#include "workers/connection.h"
#include "workers/death.h"
#include "workers/message.h"
#include "workers/progress.h"
#include "workers/results.h"
#include "workers/workers_internal.h"

#include "common/log.h"

#include <taskmaster/version.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Bytes of a read while parts come: a held worker leaves no more. */
enum { PART_METER = 16 * 1024 };

/* --- writing --- */

void worker_connection_send(struct worker_connection *connection, const struct wire_head *head,
                            const void *text, struct payload *payload)
{
    conn_write(&connection->conn, head, sizeof *head);
    if (head->text_len)
        conn_write(&connection->conn, text, head->text_len);
    if (payload)
        conn_write_payload(&connection->conn, payload);
}

static void send_welcome(struct worker_connection *connection)
{
    const struct worker_welcome *welcome = connection->link->welcome;
    const struct worker_welcome *preload = connection->link->preload;
    struct wire_head head = worker_message_head(WIRE_WELCOME, TASKMASTER_VERSION);
    head.size = welcome->text_len + (preload ? preload->text_len : 0);
    worker_connection_send(connection, &head, NULL, NULL);
    conn_write(&connection->conn, welcome->text, welcome->text_len);
    if (preload)
        conn_write(&connection->conn, preload->text, preload->text_len);
}

void worker_connection_end_output(struct worker_connection *connection)
{
    if (!connection->conn.output_len) /* otherwise on_flushed() does it */
        conn_shut_output(&connection->conn);
}

static void on_taken(struct conn *conn)
{
    struct worker_connection *connection = worker_connection_of(conn);
    connection->blocked = true;
    connection->taken_us = conn->loop->timers->now_us;
}

static void on_flushed(struct conn *conn)
{
    struct worker_connection *connection = worker_connection_of(conn);
    const struct worker_link *link = connection->link;
    if (connection->blocked) {
        on_taken(conn);
        connection->blocked = false;
    }
    if (link && link->state == LINK_RETIRING)
        conn_shut_output(conn);
}

/* --- reading --- */

static struct worker_message_due due_of(const struct worker_link *link)
{
    const struct job *job = link->worker->job;
    return (struct worker_message_due){
        .ready = !worker_link_has_been(link, LINK_READY),
        .job = job != NULL,
        .parts = job && job->asked.notify_part &&
                 worker_claims_has_begun(&link->process.claims, job->run.tag, job->seq),
        .parted = link->worker->stream.seq > 0,
        .seq = job ? job->seq : 0,
        .payload_max = job ? job->asked.payload_max : 0,
    };
}

static void tell_ready(struct worker_link *link)
{
    char refusal[WORKER_REFUSAL_MAX], why[WORKER_REFUSAL_MAX + 64];
    if (!worker_process_refusal(&link->process, refusal)) {
        dispatcher_worker_ready(link->worker);
        return;
    }
    snprintf(why, sizeof why, "a module that it preloads cannot be used: %s", refusal);
    dispatcher_worker_ready_without(link->worker, why);
}

/* The order to end may cross this message: then the worker stays RETIRING. */
static void take_ready(struct worker_link *link)
{
    if (log_limits_allow(link->workers->log_limits, LOG_INFO, "worker-ready", "-"))
        log_event(LOG_INFO, "worker-ready", LOG_STR("pool", dispatcher_of(link->worker)->name),
                  LOG_UINT("worker", link->worker->id), LOG_INT("pid", link->worker->pid));
    if (link->state != LINK_AUTHENTICATED)
        return;
    worker_link_set_state(link, LINK_READY);
    if (link->worker->state == WORKER_STARTING)
        tell_ready(link);
}

/* Takes a message without text and payload. */
static void take_empty(struct worker_link *link, const struct wire_head *head)
{
    if (head->type == WIRE_ANSWERED)
        return; /* on_header() has taken the results */
    if (head->type == WIRE_READY)
        take_ready(link);
    else if (head->type == WIRE_PONG)
        dispatcher_worker_alive(link->worker);
    else
        worker_results_take(link, head, NULL, NULL);
}

static void expect_body(struct worker_connection *connection, size_t body)
{
    struct worker_link *link = connection->link;
    conn_expect(&connection->conn, body, true, true);
    if (connection->head.type != WIRE_PROGRESS)
        dispatcher_worker_sends(link->worker, body);
}

/* The worker asks to be replaced: it gets no other job. */
static void take_leaving(struct worker_link *link, uint32_t leaving)
{
    static const char *const words[] = {
        [WIRE_LEAVING_RSS] = "it was larger than worker-max-rss",
        [WIRE_LEAVING_FILES] = "jobs had left it too many descriptors open",
    };
    static const enum worker_end ends[] = {
        [WIRE_LEAVING_RSS] = END_MAX_RSS,
        [WIRE_LEAVING_FILES] = END_REFUSED,
    };
    if (leaving == WIRE_STAYS || link->worker->end)
        return;
    snprintf(link->why, sizeof link->why, "%s", words[leaving]);
    dispatcher_worker_leaves(link->worker, ends[leaving]);
}

/* The bytes of the part are read when it has room. */
static void take_part(struct worker_connection *connection)
{
    struct worker *worker = connection->link->worker;
    const size_t size = (size_t)connection->head.size;
    enum part_verdict verdict = dispatcher_part_announced(worker, size);
    if (verdict == PART_HELD && !connection->last) {
        conn_hold_input(&connection->conn);
        return;
    }
    if (verdict == PART_HELD)
        dispatcher_part_lost(worker);
    if (size)
        conn_expect(&connection->conn, size, verdict == PART_TAKEN, true);
    else if (verdict == PART_TAKEN)
        dispatcher_part_arrived(worker, NULL);
}

static void take_header(struct worker_connection *connection)
{
    struct worker_link *link = connection->link;
    struct worker_message_due due = due_of(link);
    const char *fault = worker_message_check(&connection->head, &due);
    size_t body = worker_message_body(&connection->head);
    if (fault) {
        worker_death_break_off(link, fault);
        return;
    }
    take_leaving(link, connection->head.leaving);
    if (connection->head.type == WIRE_PART)
        take_part(connection);
    else if (body)
        expect_body(connection, body);
    else
        take_empty(link, &connection->head);
}

/* The worker was killed, and its job has ended without it. Its messages from before are no fault.
 */
static bool is_past_hearing(const struct worker_link *link)
{
    return link->state == LINK_KILLED && !link->worker->job;
}

/* Results in slots are older than the message, so they come first. */
static void on_header(struct conn *conn, char *data, size_t len)
{
    struct worker_connection *connection = worker_connection_of(conn);
    struct worker_link *link = connection->link;
    (void)len;
    worker_message_take_head(&connection->head, data);
    const char *fault = worker_results_take_slots(link);
    if (fault)
        worker_death_break_off(link, fault);
    if (!conn_is_open(conn))
        return;
    if (is_past_hearing(link))
        conn_ignore_input(conn);
    else
        take_header(connection);
}

/* A delayed acknowledgement can wait 40 ms for other output. A failure of this call costs no more.
 */
static void acknowledge_now(const struct conn *conn)
{
    int one = 1;
    setsockopt(conn->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

/* The text of a failure comes before its details. Both are read apart: large details need no copy.
 */
static bool is_text(const struct worker_connection *connection)
{
    return connection->head.text_len && !connection->text;
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct worker_connection *connection = worker_connection_of(conn);
    const struct wire_head *head = &connection->head;
    bug_on(over_budget);
    if (head->type == WIRE_PROGRESS) {
        worker_progress_take(connection->link, payload);
        payload_unref(payload);
        return;
    }
    if (head->type == WIRE_PART) {
        worker_results_take_part(connection->link, head, payload);
        payload_unref(payload);
        return;
    }
    if (is_text(connection)) {
        connection->text = payload;
        payload = NULL;
        if (head->size) {
            conn_expect(conn, head->size, true, true);
            return;
        }
    }
    if (head->size >= WIRE_LARGE && connection->link->worker->prefetched_count)
        acknowledge_now(conn);
    worker_results_take(connection->link, head, connection->text, payload);
    payload_unref(connection->text);
    connection->text = NULL;
    payload_unref(payload);
}

/* --- parts --- */

void worker_connection_assigned(struct worker_connection *connection, const struct job *job)
{
    conn_meter_input(&connection->conn, job->asked.notify_part ? PART_METER : 0);
}

void worker_connection_go_on(struct worker_connection *connection, bool wanted)
{
    if (!wanted)
        conn_meter_input(&connection->conn, 0);
    conn_release_input(&connection->conn);
}

/* --- the end --- */

/* A dead worker is reaped at once, so that its loss is told with the reason. Reading the rest may
 * find the end a second time: then only the connection is closed. */
static void on_end(struct conn *conn)
{
    struct worker_connection *connection = worker_connection_of(conn);
    struct worker_link *link = connection->link;
    if (connection->ended) {
        worker_link_close_connection(link);
        return;
    }
    connection->ended = true;
    if (conn->loop->reading || !worker_death_reap(link))
        worker_death_disconnected(link);
}

static void on_gone(struct conn *conn, const char *why)
{
    (void)why;
    on_end(conn);
}

/* --- both kinds --- */

ssize_t worker_connection_header_end(const struct conn *conn, const char *data, size_t len)
{
    (void)conn, (void)data;
    return len < sizeof(struct wire_head) ? 0 : (ssize_t)sizeof(struct wire_head);
}

void worker_connection_header_too_long(struct conn *conn)
{
    (void)conn;
    bug_on(true); /* headers have one size */
}

void worker_connection_slow(struct conn *conn, enum conn_slow what)
{
    (void)conn;
    (void)what;
    bug_on(true); /* the port's connections have no such deadlines; jobs have */
}

void worker_connection_free(struct conn *conn)
{
    payload_unref(worker_connection_of(conn)->text);
    free(worker_connection_of(conn));
}

/* --- authentication --- */

void worker_connection_authenticate(struct worker_connection *connection, struct worker_link *link)
{
    static const struct conn_ops ops = {
        .header_end = worker_connection_header_end,
        .header = on_header,
        .message = on_message,
        .header_too_long = worker_connection_header_too_long,
        .input_end = on_end,
        .gone = on_gone,
        .slow = worker_connection_slow,
        .flushed = on_flushed,
        .taken = on_taken,
        .free = worker_connection_free,
    };
    connection->conn.ops = &ops;
    connection->link = link;
    link->connection = connection;
    worker_link_set_state(link, LINK_AUTHENTICATED);
    send_welcome(connection);
}
