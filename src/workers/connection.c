/*
 * worker_connection: the connections on the worker port. A new one proves with a token that it is a
 * worker that was started, or is closed; then the worker's messages are read and checked here, and
 * what they say goes to results.c. A connection that ends is link.c's concern.
 *
 * Anybody on the machine can connect here without end, and must not keep workers out. So a
 * connection is read at accept, where a worker's hello lies already: a worker is among the
 * unauthenticated only if it has been stopped between its connect and its hello. Of the
 * unauthenticated, one more than there may be ends one that has said nothing; it ends by a reset,
 * which tells a worker that its hello was not heard and that it may try again
 * (worker/master_connect.c), and leaves no port taken. TCP_DEFER_ACCEPT was rejected: silent
 * connections would fill the kernel's queue of half-open ones, where nobody can end them, and then
 * the SYNs of workers are lost.
 */
#include "workers/link.h"
#include "workers/message.h"
#include "workers/token.h"
#include "workers/workers_internal.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/wire.h"
#include "common/xmalloc.h"

#include <taskmaster/version.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct worker_conn *conn_of(struct conn *conn)
{
    return (struct worker_conn *)((char *)conn - offsetof(struct worker_conn, conn));
}

/* --- writing --- */

void worker_connection_send(struct worker_conn *conn, const struct wire_head *head,
                            struct payload *payload)
{
    conn_write(&conn->conn, head, sizeof *head);
    if (payload)
        conn_write_payload(&conn->conn, payload);
}

static void send_welcome(struct worker_conn *conn)
{
    const struct worker_welcome *welcome = conn->owner->welcome;
    struct wire_head head = worker_message_head(WIRE_WELCOME, TASKMASTER_VERSION);
    head.size = welcome->text_len;
    worker_connection_send(conn, &head, NULL);
    conn_write(&conn->conn, welcome->text, welcome->text_len);
}

/* --- proving --- */

static struct worker_link *link_by_id(struct workers *workers, uint32_t id)
{
    struct worker_link *link;
    TAILQ_FOREACH (link, &workers->links, link)
        if (link->worker->id == id)
            return link;
    return NULL;
}

static void leave_unauthenticated(struct worker_conn *conn)
{
    unauthenticated_remove(&conn->workers->unauthenticated, &conn->stranger);
    timer_clear(workers_timers(conn->workers), &conn->timer);
}

/* `why`: NULL if it is no stranger, but a worker of ours that comes too late. */
static void turn_away(struct worker_conn *conn, const char *why)
{
    if (why && log_limit_allows(&conn->workers->stranger_lines))
        log_event(LOG_WARN, "stranger", LOG_STR("role", "workers"), LOG_STR("why", why));
    leave_unauthenticated(conn);
    conn_close(&conn->conn);
}

/* A reset in the place of an orderly end: it was not heard. */
static void turn_away_unheard(struct worker_conn *conn, const char *why)
{
    const struct linger reset = {.l_onoff = 1};
    setsockopt(conn->conn.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    turn_away(conn, why);
}

static const char *why_invalid(struct workers *workers, const struct wire_hello *hello)
{
    return worker_late_is_hello(&workers->late, hello, workers_timers(workers)->now_us)
               ? NULL
               : "its token is not valid";
}

static void take_hello(struct worker_conn *conn, struct payload *payload)
{
    struct wire_hello hello;
    payload_copy(payload, 0, &hello, sizeof hello);
    struct worker_link *link = link_by_id(conn->workers, hello.worker);
    if (strncmp(conn->head.name, TASKMASTER_VERSION, sizeof conn->head.name) != 0) {
        turn_away(conn, "it is of another release");
    } else if (!link || link->late || !worker_token_equal(link->token, hello.token)) {
        turn_away(conn, why_invalid(conn->workers, &hello));
    } else if (link->authenticated) {
        turn_away(conn, "its token was used already");
    } else {
        leave_unauthenticated(conn);
        link->authenticated = true;
        link->conn = conn;
        conn->owner = link;
        send_welcome(conn);
    }
}

static void on_unauthenticated_timer(void *arg)
{
    turn_away(arg, "it did not prove itself within start-timeout-ms");
}

/* --- reading --- */

static ssize_t header_end(const char *data, size_t len)
{
    (void)data;
    return len < sizeof(struct wire_head) ? 0 : (ssize_t)sizeof(struct wire_head);
}

static struct worker_message_due due_of(const struct worker_link *link)
{
    const struct job *job = link->worker->job;
    return (struct worker_message_due){
        .ready = !link->ready,
        .job = job != NULL,
        .seq = job ? job->seq : 0,
        .payload_max = job ? job->asked.payload_max : 0,
    };
}

static const char *check(const struct worker_conn *conn)
{
    if (!conn->owner)
        return worker_message_check_hello(&conn->head);
    struct worker_message_due due = due_of(conn->owner);
    return worker_message_check(&conn->head, &due);
}

static void take_ready(struct worker_link *link)
{
    struct dispatcher *dispatcher = link->workers->dispatcher;
    char refusal[WORKER_REFUSAL_MAX], why[WORKER_REFUSAL_MAX + 64];
    if (job_log_allows(&link->workers->job_log, LOG_INFO, "worker-ready", "-"))
        log_event(LOG_INFO, "worker-ready", LOG_UINT("worker", link->worker->id),
                  LOG_INT("pid", link->worker->pid));
    link->ready = true;
    if (link->worker->state != WORKER_STARTING)
        return; /* it was told to end meanwhile */
    if (!worker_process_refusal(&link->process, refusal)) {
        dispatcher_worker_ready(dispatcher, link->worker);
        return;
    }
    snprintf(why, sizeof why, "a module that it preloads cannot be used: %s", refusal);
    dispatcher_worker_ready_without(dispatcher, link->worker, why);
}

/* A message without payload. */
static void take_empty(struct worker_link *link, const struct wire_head *head)
{
    if (head->type == WIRE_ANSWERED)
        return; /* the results were taken when its header came */
    if (head->type == WIRE_READY)
        take_ready(link);
    else
        worker_results_take(link, head, NULL, NULL);
}

/* It was killed and its job has been ended, by an abort or as it would not die: what it had said
 * before is nobody's any more, and no fault of the worker's. */
static bool is_past_hearing(const struct worker_link *link)
{
    return link->killed && !link->worker->job;
}

static void expect_body(struct worker_conn *conn, size_t body)
{
    struct worker_link *link = conn->owner;
    conn_expect(&conn->conn, body, true, true);
    if (link)
        dispatcher_worker_sends(link->workers->dispatcher, link->worker, body);
}

static void on_header(struct conn *raw, char *data, size_t len)
{
    struct worker_conn *conn = conn_of(raw);
    struct worker_link *link = conn->owner;
    const char *fault;
    (void)len;
    worker_message_take_head(&conn->head, data);
    if (link)
        worker_results_take_slots(link); /* they are older than the message */
    if (!conn_is_open(raw))
        return;
    if (link && is_past_hearing(link)) {
        conn_ignore_input(raw);
        return;
    }
    fault = check(conn);
    size_t body = worker_message_body(&conn->head);
    if (fault && link)
        worker_link_break_off(link, fault);
    else if (fault)
        turn_away(conn, fault);
    else if (body)
        expect_body(conn, body);
    else
        take_empty(link, &conn->head);
}

/* Otherwise it waits for something to travel with, as long as 40 ms. That this fails costs no more
 * than that. */
static void acknowledge_now(const struct conn *conn)
{
    int one = 1;
    setsockopt(conn->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

/* The text of a failure comes first. Read apart from it, the details need not be copied, however
 * large they are. */
static bool is_text(const struct worker_conn *conn)
{
    return conn->head.text_len && !conn->text;
}

static void take_message(struct worker_conn *conn, struct payload *payload)
{
    worker_results_take(conn->owner, &conn->head, conn->text, payload);
    payload_unref(conn->text);
    conn->text = NULL;
    payload_unref(payload);
}

static void on_message(struct conn *raw, struct payload *payload, bool over_budget)
{
    struct worker_conn *conn = conn_of(raw);
    bug_on(over_budget);
    if (!conn->owner) {
        take_hello(conn, payload);
        payload_unref(payload);
        return;
    }
    if (is_text(conn)) {
        conn->text = payload;
        payload = NULL;
        if (conn->head.size) {
            conn_expect(raw, conn->head.size, true, true);
            return;
        }
    }
    if (conn->head.size >= WIRE_LARGE && conn->owner->worker->prefetched_count)
        acknowledge_now(raw);
    take_message(conn, payload);
}

static void on_header_too_long(struct conn *conn)
{
    (void)conn;
    bug_on(true); /* headers have one size */
}

static void on_gone(struct conn *raw, const char *why)
{
    struct worker_conn *conn = conn_of(raw);
    /* A death that is known by now is told as what it is; but not where worker_link_disconnected()
     * reads on and comes upon the end again: the link is its own until it returns. */
    if (conn->owner && !conn->owner->closed && !raw->loop->reading)
        worker_link_reap(conn->owner);
    if (!conn_is_open(raw))
        return;
    if (conn->owner)
        worker_link_disconnected(conn->owner);
    else
        turn_away(conn,
                  worker_late_is_silent(&conn->workers->late, conn->workers->loop->timers->now_us)
                      ? NULL
                      : why);
}

static void on_input_end(struct conn *raw)
{
    on_gone(raw, "it closed its connection");
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    (void)conn;
    (void)what;
    bug_on(true); /* workers have no such deadlines; their jobs have */
}

static void on_flushed(struct conn *raw)
{
    struct worker_conn *conn = conn_of(raw);
    if (conn->owner && conn->owner->retiring)
        conn_shut_output(raw);
}

static void on_free(struct conn *conn)
{
    payload_unref(conn_of(conn)->text);
    free(conn_of(conn));
}

static const struct conn_ops conn_ops = {
    .header_end = header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .flushed = on_flushed,
    .free = on_free,
};

/* --- all connections --- */

/* What has come by now; and an end of input, which makes room. */
static void hear(struct worker_conn *conn)
{
    conn_read_now(&conn->conn, 1);
}

/* One at least has become more than there may be. The one that is to go is heard once more: its
 * hello may have come behind the last look. */
static void make_room(struct workers *workers)
{
    while (workers->unauthenticated.count > workers->unauthenticated_max) {
        struct unauthenticated *stranger = unauthenticated_first(&workers->unauthenticated);
        hear(conn_of(stranger->conn));
        if (stranger == unauthenticated_first(&workers->unauthenticated))
            turn_away_unheard(conn_of(stranger->conn), "too many connections without a token");
    }
}

void workers_accept(struct workers *workers, int fd, const struct sockaddr *addr,
                    socklen_t addr_len)
{
    (void)addr;
    (void)addr_len;
    struct worker_conn *conn = xcalloc(1, sizeof *conn);
    conn->workers = workers;
    timer_init(&conn->timer, on_unauthenticated_timer, conn);
    if (conn_open(&conn->conn, workers->loop, fd, &conn_ops, &workers->limits) < 0) {
        close(fd);
        free(conn);
        return;
    }
    unauthenticated_add(&workers->unauthenticated, &conn->stranger, &conn->conn,
                        workers_timers(workers)->now_us);
    timer_set_ms(workers_timers(workers), &conn->timer,
                 workers->dispatcher->limits.start_timeout_ms);
    hear(conn);
    make_room(workers);
}

void workers_close_unauthenticated(struct workers *workers)
{
    struct unauthenticated *stranger;
    while ((stranger = unauthenticated_first(&workers->unauthenticated))) {
        struct worker_conn *conn = conn_of(stranger->conn);
        leave_unauthenticated(conn);
        conn_close(&conn->conn);
    }
}
