/* worker_link: see worker_link.h. */
#include "worker_link.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/wire.h"
#include "common/xmalloc.h"
#include "signal_name.h"
#include "worker_output.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    CLOSED_GRACE_MS = 200, /* for a worker whose connection ended to end by itself */
    KILLED_GRACE_MS =
        1000, /* for a killed process to be reaped before its job's end is told all the same */
    UNPROVEN_SPARE =
        64, /* connections without a token above pool-max; beyond that the oldest goes */
    READ_ON_DEATH = 1 << 20, /* bytes read from a dead worker's socket, besides a result */
    PEEK_MIN_MS = 1,         /* how often a silent worker's slots are looked at, */
    PEEK_MAX_MS = 64,        /* less and less often */
    WHY_MAX = 160,
    JSON_BYTE_MAX = 6, /* what a byte can become in JSON text: \u0001 */
};

/* The process, and the connection once it is proven. */
struct worker_link {
    TAILQ_ENTRY(worker_link) link;
    struct workers *workers;
    struct worker *worker; /* the record; both go at the same time */
    struct worker_conn *conn;
    struct worker_proc proc;
    struct worker_output output;
    uint64_t drained_us; /* when its output was looked at last */
    uint8_t token[TOKEN_BYTES];
    bool proven;       /* its token was used */
    bool ready;        /* it said so */
    bool killed;       /* SIGKILL was sent to it */
    bool closed;       /* its connection ended before it did */
    bool untold;       /* its loss is yet to be logged */
    char why[WHY_MAX]; /* what is known of its end besides its status */
    struct timer timer;
    struct timer peek; /* while jobs are lent: when to look for results that nobody told of */
    uint32_t peek_ms;
};

/* A connection on the worker port. */
struct worker_conn {
    struct conn conn;
    TAILQ_ENTRY(worker_conn) link; /* among the unproven */
    struct workers *workers;
    struct worker_link *owner; /* NULL: unproven */
    struct wire_head head;     /* of the message that is arriving */
    struct timer timer;        /* unproven: until when */
};

static void on_link_timer(void *arg);
static void on_peek(void *arg);
static void take_results(struct worker_link *link);
static void lose(struct worker_link *link, const int *status);
static void log_end(struct worker_link *link, const char *why);

static struct worker_conn *conn_of(struct conn *conn)
{
    return (struct worker_conn *)((char *)conn - offsetof(struct worker_conn, conn));
}

static struct timers *timers_of(const struct workers *workers)
{
    return workers->loop->timers;
}

/* --- writing --- */

static void send_message(struct worker_conn *conn, const struct wire_head *head,
                         struct payload *payload)
{
    conn_write(&conn->conn, head, sizeof *head);
    if (payload)
        conn_write_payload(&conn->conn, payload);
}

static struct wire_head make_head(enum wire_type type, const char *name)
{
    struct wire_head head = {.magic = WIRE_MAGIC, .type = type};
    size_t len = strlen(name);
    bug_on(len >= sizeof head.name);
    memcpy(head.name, name, len);
    return head;
}

static void send_welcome(struct worker_conn *conn)
{
    struct workers *workers = conn->workers;
    struct wire_head head = make_head(WIRE_WELCOME, TASKMASTER_VERSION);
    head.size = workers->settings_len;
    send_message(conn, &head, NULL);
    conn_write(&conn->conn, workers->settings, workers->settings_len);
}

/* --- the end of a worker --- */

/* What comes after this must not give it another job. */
static void close_conn(struct worker_link *link)
{
    if (!link->conn)
        return;
    if (link->worker && link->worker->state != WORKER_STARTING)
        link->worker->stale = true;
    link->conn->owner = NULL;
    conn_close(&link->conn->conn);
    link->conn = NULL;
}

static void kill_process(struct worker_link *link)
{
    link->killed = true;
    worker_proc_signal(&link->proc, SIGKILL);
    timer_set_ms(timers_of(link->workers), &link->timer, KILLED_GRACE_MS);
}

/* Without a connection an idle worker must not be given a job; what a busy one leaves is told when
 * it has ended. So is, to the log, what an idle one died of. */
static void unfit(struct worker_link *link)
{
    if (link->worker->state != WORKER_IDLE)
        return;
    link->untold = true;
    lose(link, NULL);
}

/* A worker that does what no worker of ours does. */
static void break_off(struct worker_link *link, const char *fault)
{
    log_event(LOG_ERROR, "worker-protocol", LOG_UINT("worker", link->worker->id),
              LOG_INT("pid", link->proc.pid), LOG_STR("why", fault));
    snprintf(link->why, sizeof link->why, "it broke its protocol: %s", fault);
    close_conn(link);
    kill_process(link);
    unfit(link);
}

static size_t last_words_max(const struct worker_link *link)
{
    return READ_ON_DEATH + link->workers->config->payload_max;
}

/*
 * It closed its connection, or that broke: its process should be ending. A write may be what found
 * out, by the reset of a process that died with messages unread: what it had sent before is still
 * there to be read, and counts.
 */
static void conn_ended(struct worker_link *link)
{
    struct conn *conn = &link->conn->conn;
    if (!link->closed && link->worker->state != WORKER_STARTING) {
        link->closed = true;
        link->worker->stale = true;
        if (!conn->loop->reading)
            conn_read_now(conn, last_words_max(link));
    }
    if (!link->conn)
        return; /* the reading came upon the end itself */
    close_conn(link);
    if (link->proc.reaped || link->worker->state == WORKER_STOPPING)
        return; /* ended, or told to end with a deadline */
    link->closed = true;
    timer_set_ms(timers_of(link->workers), &link->timer, CLOSED_GRACE_MS);
    unfit(link);
}

static void on_link_timer(void *arg)
{
    struct worker_link *link = arg;
    bool stopping = link->worker->state == WORKER_STOPPING;
    if (link->untold) /* waiting for its end has been long enough */
        log_end(link, link->why[0] ? link->why : "it closed its connection");
    kill_process(link);
    if (!stopping || link->worker->job)
        lose(link, NULL);
}

static void describe_status(const int *status, bool closed, struct worker_end *end, char *text,
                            size_t size)
{
    if (status && WIFSIGNALED(*status)) {
        end->signal = WTERMSIG(*status);
        snprintf(text, size, "it was ended by %s%s", signal_name(end->signal),
                 WCOREDUMP(*status) ? " (core dumped)" : "");
    } else if (status) {
        end->exited = true;
        end->exit_status = WEXITSTATUS(*status);
        snprintf(text, size, "it exited with status %d", end->exit_status);
    } else {
        snprintf(text, size, "%s",
                 closed ? "it closed its connection" : "it was killed and does not end");
    }
}

/* Any bytes as a JSON text: what is not ASCII is replaced if the whole is not UTF-8. */
static json_t *json_text(const char *bytes, size_t len)
{
    json_t *text = json_stringn(bytes, len);
    if (text)
        return text;
    char *copy = xmalloc(len + 1);
    for (size_t i = 0; i < len; i++)
        copy[i] = (char)((unsigned char)bytes[i] < 0x80 && bytes[i] ? bytes[i] : '?');
    text = json_stringn(copy, len);
    free(copy);
    return text;
}

/* What is known of a crash, as JSON text; NULL if there is no memory for that. */
static char *crash_text(const struct worker_link *link, const struct worker_end *end,
                        const char *tail, size_t len)
{
    json_t *details =
        json_pack("{s:I, s:I, s:s, s:s, s:o}", "worker", (json_int_t)link->worker->id, "pid",
                  (json_int_t)link->proc.pid, "module", link->worker->job->module->name, "why",
                  end->why, "output", json_text(tail, len));
    if (end->signal)
        json_object_set_new(details, "signal", json_string(signal_name(end->signal)));
    if (end->exited)
        json_object_set_new(details, "exit_status", json_integer(end->exit_status));
    char *text = json_dumps(details, JSON_COMPACT);
    json_decref(details);
    return text;
}

/* How much to leave out of the beginning of `tail` to be `over` bytes of JSON text shorter, or on
 * the way there: up to the beginning of a character. */
static size_t cut_of(const char *tail, size_t len, size_t over)
{
    size_t cut = (over + JSON_BYTE_MAX - 1) / JSON_BYTE_MAX;
    while (cut < len && ((unsigned char)tail[cut] & 0xc0) == 0x80)
        cut++;
    return cut < len ? cut : len;
}

/* For the failed event. A client has made room for payload-max and no more: of what the worker
 * printed there is what fits, the last of it. All else is shorter than the least payload-max. */
static struct payload *crash_details(struct worker_link *link, const struct worker_end *end)
{
    char output[OUTPUT_TAIL_MAX];
    const char *tail = output;
    size_t len = worker_output_tail(&link->output, output);
    size_t max = link->workers->config->payload_max;
    char *text = crash_text(link, end, tail, len);
    while (text && strlen(text) > max && len) {
        size_t cut = cut_of(tail, len, strlen(text) - max);
        tail += cut;
        len -= cut;
        free(text);
        text = crash_text(link, end, tail, len);
    }
    if (!text)
        return NULL;
    struct payload *payload = payload_from(link->workers->loop->budget, text, strlen(text));
    free(text);
    return payload;
}

static void log_end(struct worker_link *link, const char *why)
{
    const struct job *job = link->worker->job;
    char name[64] = "-";
    bool expected = link->worker->state == WORKER_STOPPING && !link->untold;
    link->untold = false;
    if (job)
        snprintf(name, sizeof name, "%s-%" PRIu64, link->workers->boot, job->seq);
    log_event(expected ? LOG_INFO : LOG_WARN, expected ? "worker-exit" : "worker-lost",
              LOG_UINT("worker", link->worker->id), LOG_INT("pid", link->proc.pid),
              LOG_STR("why", why), LOG_STR("job", name),
              LOG_STR("module", job ? job->module->name : "-"));
}

/* Tells the dispatcher. `status`: the wait status, if it is known. */
static void lose(struct worker_link *link, const int *status)
{
    char text[2 * WHY_MAX], how[WHY_MAX - 8];
    struct worker_end end = {.signal = 0};
    describe_status(status, link->closed, &end, how, sizeof how);
    snprintf(text, sizeof text, "%s%s%s", link->why, link->why[0] ? "; " : "", how);
    end.why = text;
    worker_output_drain(&link->output);
    worker_output_end_line(&link->output);
    if (!link->untold || status)
        log_end(link, text);
    if (link->worker->job)
        end.details = crash_details(link, &end);
    dispatcher_worker_lost(link->workers->dispatcher, link->worker, &end);
    payload_unref(end.details);
}

/* What a dead worker has sent still counts. It gets no other job while we look. */
static void read_last_words(struct worker_link *link)
{
    link->worker->stale = true;
    if (link->conn)
        conn_read_now(&link->conn->conn, last_words_max(link));
    take_results(link);
    close_conn(link);
}

static void reaped(struct worker_link *link, int status)
{
    bool starting = link->worker->state == WORKER_STARTING;
    link->proc.reaped = true;
    timer_clear(timers_of(link->workers), &link->timer);
    worker_output_drain(&link->output);
    if (!starting)
        read_last_words(link);
    lose(link, &status);
    dispatcher_worker_reaped(link->workers->dispatcher, link->worker);
}

static struct worker_link *link_by_pid(struct workers *workers, pid_t pid)
{
    struct worker_link *link;
    TAILQ_FOREACH (link, &workers->links, link)
        if (link->proc.pid == pid && !link->proc.reaped)
            return link;
    return NULL;
}

void workers_reap(struct workers *workers)
{
    pid_t pid;
    while ((pid = worker_proc_dead()) > 0) {
        struct worker_link *link = link_by_pid(workers, pid);
        if (link)
            worker_proc_signal(&link->proc, SIGKILL);
        int status = worker_proc_reap(pid);
        if (link)
            reaped(link, status);
        else
            log_event(LOG_DEBUG, "child-reaped", LOG_INT("pid", pid));
    }
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

/* In a time that does not depend on where they differ. */
static bool same_token(const uint8_t *a, const uint8_t *b)
{
    uint8_t differ = 0;
    for (size_t i = 0; i < TOKEN_BYTES; i++)
        differ |= (uint8_t)(a[i] ^ b[i]);
    return differ == 0;
}

static void leave_unproven(struct worker_conn *conn)
{
    TAILQ_REMOVE(&conn->workers->unproven, conn, link);
    conn->workers->unproven_count--;
    timer_clear(timers_of(conn->workers), &conn->timer);
}

static void turn_away(struct worker_conn *conn, const char *why)
{
    if (log_limit_allows(&conn->workers->strangers))
        log_event(LOG_WARN, "stranger", LOG_STR("role", "workers"), LOG_STR("why", why));
    leave_unproven(conn);
    conn_close(&conn->conn);
}

static void take_hello(struct worker_conn *conn, struct payload *payload)
{
    struct wire_hello hello;
    payload_copy(payload, 0, &hello, sizeof hello);
    struct worker_link *link = link_by_id(conn->workers, hello.worker);
    if (strncmp(conn->head.name, TASKMASTER_VERSION, sizeof conn->head.name) != 0) {
        turn_away(conn, "it is of another release");
    } else if (!link || !same_token(link->token, hello.token)) {
        turn_away(conn, "its token is not valid");
    } else if (link->proven) {
        turn_away(conn, "its token was used already");
    } else if (link->worker->state != WORKER_STARTING) {
        turn_away(conn, "its token came too late");
    } else {
        leave_unproven(conn);
        link->proven = true;
        link->conn = conn;
        conn->owner = link;
        send_welcome(conn);
    }
}

static void on_unproven_timer(void *arg)
{
    turn_away(arg, "it did not prove itself within start-timeout-ms");
}

/* --- reading --- */

static ssize_t header_end(const char *data, size_t len)
{
    (void)data;
    return len < sizeof(struct wire_head) ? 0 : (ssize_t)sizeof(struct wire_head);
}

/* NULL, or what is wrong with a header from an unproven connection. */
static const char *check_stranger(const struct wire_head *head)
{
    if (head->magic != WIRE_MAGIC || head->type != WIRE_HELLO)
        return "it does not speak the workers' protocol";
    if (head->size != sizeof(struct wire_hello) || head->text_len)
        return "its hello has a wrong size";
    return NULL;
}

static const char *check_worker(const struct worker_link *link, const struct wire_head *head)
{
    const struct worker *worker = link->worker;
    bool ready_is_due = !link->ready && !head->size && !head->text_len;
    bool answer = head->type == WIRE_DONE || head->type == WIRE_FAILED;
    if (head->magic != WIRE_MAGIC)
        return "a header with a wrong magic number";
    if (head->type == WIRE_ANSWERED)
        return head->size || head->text_len ? "a message that is too long" : NULL;
    if (!answer && head->type != WIRE_READY)
        return "a message of an unknown type";
    if (head->type == WIRE_READY)
        return ready_is_due ? NULL : "ready twice";
    if (!worker->job)
        return "an answer without a job";
    if (worker->job->seq != head->job)
        return "an answer for another job";
    if (head->text_len > WIRE_TEXT_MAX || (head->text_len && head->type != WIRE_FAILED))
        return "a text that is too long";
    if (head->size > link->workers->config->payload_max)
        return "a result beyond payload-max";
    if (head->type == WIRE_FAILED &&
        (head->kind < WIRE_KIND_MODULE || head->kind > WIRE_KIND_TOO_LARGE))
        return "a failure of an unknown kind";
    return NULL;
}

static void take_answer(struct worker_link *link, const struct wire_head *head,
                        struct payload *payload);

/* A message without payload; ready while it is being told to end comes too late to matter. */
static void take_empty(struct worker_link *link, const struct wire_head *head)
{
    if (head->type == WIRE_ANSWERED)
        return; /* the results were taken when its header came */
    if (head->type != WIRE_READY) {
        take_answer(link, head, NULL);
        return;
    }
    log_event(LOG_INFO, "worker-ready", LOG_UINT("worker", link->worker->id),
              LOG_INT("pid", link->proc.pid));
    link->ready = true;
    if (link->worker->state == WORKER_STARTING) /* else it was told to end meanwhile */
        dispatcher_worker_ready(link->workers->dispatcher, link->worker);
}

/* It was killed and its job has been ended, by an abort or as it would not die: what it had said
 * before is nobody's any more, and no fault of the worker's. */
static bool is_past_hearing(const struct worker_link *link)
{
    return link->killed && !link->worker->job;
}

static void on_header(struct conn *raw, char *data, size_t len)
{
    struct worker_conn *conn = conn_of(raw);
    struct worker_link *link = conn->owner;
    const char *fault;
    memcpy(&conn->head, data, len);
    conn->head.name[sizeof conn->head.name - 1] = '\0';
    if (link)
        take_results(link); /* they are older than the message */
    if (!conn_is_open(raw))
        return;
    if (link && is_past_hearing(link)) {
        conn_ignore_input(raw);
        return;
    }
    fault = link ? check_worker(link, &conn->head) : check_stranger(&conn->head);
    size_t body = (size_t)conn->head.size + conn->head.text_len;
    if (fault && link)
        break_off(link, fault);
    else if (fault)
        turn_away(conn, fault);
    else if (body)
        conn_expect(raw, body, true, true);
    else
        take_empty(link, &conn->head);
}

static void on_message(struct conn *raw, struct payload *payload, bool over_budget)
{
    struct worker_conn *conn = conn_of(raw);
    bug_on(over_budget);
    if (conn->owner)
        take_answer(conn->owner, &conn->head, payload);
    else
        take_hello(conn, payload);
    payload_unref(payload);
}

/* The payload of a failure is its text, then the details. */
static struct payload *details_of(struct worker_link *link, const struct wire_head *head,
                                  struct payload *payload)
{
    if (!head->size)
        return NULL;
    char *copy = xmalloc(head->size);
    payload_copy(payload, head->text_len, copy, head->size);
    struct payload *details = payload_from(link->workers->loop->budget, copy, head->size);
    free(copy);
    return details;
}

static void take_failure(struct worker_link *link, const struct wire_head *head,
                         struct payload *payload)
{
    static const enum fail_reason reasons[] = {
        [WIRE_KIND_MODULE] = FAIL_MODULE,
        [WIRE_KIND_UNAVAILABLE] = FAIL_UNAVAILABLE,
        [WIRE_KIND_TOO_LARGE] = FAIL_TOO_LARGE,
    };
    char message[WIRE_TEXT_MAX];
    size_t len = head->text_len ? payload_copy(payload, 0, message, head->text_len) : 0;
    if (head->kind == WIRE_KIND_UNAVAILABLE)
        module_refusal_log(&link->worker->job->module->refusal, link->worker->job->module->name,
                           link->worker->id, message, len, timers_of(link->workers)->now_us);
    struct worker_answer answer = {
        .type = JOB_FAILED,
        .fail = reasons[head->kind],
        .run_us = head->time_us,
        .code = head->kind == WIRE_KIND_MODULE ? head->name : NULL,
        .message = message,
        .message_len = len,
        .payload = details_of(link, head, payload),
    };
    dispatcher_worker_answered(link->workers->dispatcher, link->worker, &answer);
    payload_unref(answer.payload);
}

/* What a job printed is logged before it ends. One look serves all answers that came together. */
static void drain_before_answer(struct worker_link *link)
{
    uint64_t now_us = timers_of(link->workers)->now_us;
    if (link->drained_us != now_us)
        worker_output_drain(&link->output);
    link->drained_us = now_us;
    link->peek_ms = PEEK_MIN_MS;
}

static void take_answer(struct worker_link *link, const struct wire_head *head,
                        struct payload *payload)
{
    /* The header was checked when it came; the job may have been ended since (by an abort). */
    if (!link->worker->job || link->worker->job->seq != head->job)
        return;
    drain_before_answer(link);
    worker_proc_release(&link->proc, link->worker->job->slot);
    if (head->type == WIRE_FAILED) {
        take_failure(link, head, payload);
        return;
    }
    struct worker_answer answer = {.type = JOB_DONE, .payload = payload, .run_us = head->time_us};
    dispatcher_worker_answered(link->workers->dispatcher, link->worker, &answer);
}

/* The results that the worker left in slots, in the order of its jobs. What it is handed meanwhile
 * is sent at the end of the turn, so that this ends. */
static void take_results(struct worker_link *link)
{
    char data[WORKER_RESULT_MAX];
    size_t len;
    struct job *job;
    while ((job = link->worker->job) &&
           worker_proc_result(&link->proc, job->slot, job->seq, data, &len)) {
        if (len > WORKER_RESULT_MAX) {
            break_off(link, "a result beyond its slot");
            return;
        }
        drain_before_answer(link);
        worker_proc_release(&link->proc, job->slot);
        struct worker_answer answer = {.type = JOB_DONE,
                                       .run_us = 1}; /* quick, or it were a message */
        if (len)
            answer.payload = payload_from(link->workers->loop->budget, data, len);
        dispatcher_worker_answered(link->workers->dispatcher, link->worker, &answer);
        payload_unref(answer.payload);
    }
}

/* A worker that went on to a long job may have left results without a word. */
static void on_peek(void *arg)
{
    struct worker_link *link = arg;
    link->peek_ms = link->peek_ms < PEEK_MAX_MS ? link->peek_ms * 2 : PEEK_MAX_MS;
    take_results(link);
    if (link->worker->job)
        timer_set_ms(timers_of(link->workers), &link->peek, link->peek_ms);
}

static void on_header_too_long(struct conn *conn)
{
    (void)conn;
    bug_on(true); /* headers have one size */
}

static void on_gone(struct conn *raw, const char *why)
{
    struct worker_conn *conn = conn_of(raw);
    /* A death that is known by now is told as what it is; but not where conn_ended() reads on and
     * comes upon the end again: the link is its own until it returns. */
    if (conn->owner && !conn->owner->proc.reaped && !conn->owner->closed && !raw->loop->reading)
        workers_reap(conn->workers);
    if (!conn_is_open(raw))
        return;
    if (conn->owner)
        conn_ended(conn->owner);
    else
        turn_away(conn, why);
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

static void on_free(struct conn *conn)
{
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
    .free = on_free,
};

void workers_accept(struct workers *workers, int fd, const struct sockaddr *addr,
                    socklen_t addr_len)
{
    (void)addr;
    (void)addr_len;
    if (workers->unproven_count >= workers->config->pool_max + (size_t)UNPROVEN_SPARE)
        turn_away(TAILQ_FIRST(&workers->unproven), "too many connections without a token");
    struct worker_conn *conn = xcalloc(1, sizeof *conn);
    conn->workers = workers;
    timer_init(&conn->timer, on_unproven_timer, conn);
    if (conn_open(&conn->conn, workers->loop, fd, &conn_ops, &workers->limits) < 0) {
        close(fd);
        free(conn);
        return;
    }
    TAILQ_INSERT_TAIL(&workers->unproven, conn, link);
    workers->unproven_count++;
    timer_set_ms(timers_of(workers), &conn->timer, workers->config->start_timeout_ms);
}

void workers_close_unproven(struct workers *workers)
{
    struct worker_conn *conn;
    while ((conn = TAILQ_FIRST(&workers->unproven))) {
        leave_unproven(conn);
        conn_close(&conn->conn);
    }
}

/* --- the dispatcher's operations --- */

static void link_free(struct worker_link *link)
{
    timer_clear(timers_of(link->workers), &link->timer);
    timer_clear(timers_of(link->workers), &link->peek);
    close_conn(link);
    worker_output_close(&link->output);
    worker_proc_close(&link->proc);
    TAILQ_REMOVE(&link->workers->links, link, link);
    free(link);
}

/* The line start-failed that follows does not say what could not be run: its words also go to
 * clients, and a path is none of their business. */
static void say_not_spawned(const struct workers *workers)
{
    log_event(LOG_ERROR, "spawn-failed", LOG_STR("path", workers->env.path),
              LOG_STR("why", strerror(errno)));
}

static int op_start(void *ctx, struct worker *worker)
{
    struct workers *workers = ctx;
    struct worker_link *link = xcalloc(1, sizeof *link);
    link->workers = workers;
    link->worker = worker;
    link->proc.output_fd = -1;
    timer_init(&link->timer, on_link_timer, link);
    timer_init(&link->peek, on_peek, link);
    TAILQ_INSERT_TAIL(&workers->links, link, link);
    worker->process = link;
    if (getrandom(link->token, sizeof link->token, 0) != (ssize_t)sizeof link->token)
        return -1;
    if (worker_proc_start(&link->proc, &workers->env, worker->id, link->token) < 0) {
        say_not_spawned(workers);
        return -1;
    }
    worker->pid = link->proc.pid;
    log_event(LOG_DEBUG, "worker-start", LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid));
    if (worker_output_open(&link->output, workers->loop->base, timers_of(workers),
                           link->proc.output_fd, workers->boot, worker) < 0)
        kill_process(
            link); /* it would hang once the pipe is full; this way it is a start that failed */
    return 0;
}

static void op_assign(void *ctx, struct worker *worker, struct job *job, uint64_t limit_us)
{
    struct worker_link *link = worker->process;
    (void)ctx;
    struct wire_head head = make_head(WIRE_RUN, job->module->name);
    if (worker->job && !timer_is_set(&link->peek)) {
        link->peek_ms = PEEK_MIN_MS;
        timer_set_ms(timers_of(link->workers), &link->peek, PEEK_MIN_MS);
    }
    job->slot = worker_proc_offer(&link->proc, job->seq);
    head.job = job->seq;
    head.slot = job->slot;
    head.size = job->payload ? job->payload->size : 0;
    head.time_us = limit_us;
    send_message(link->conn, &head, job->payload);
}

static bool op_take_back(void *ctx, struct worker *worker, const struct job *job)
{
    (void)ctx;
    return worker_proc_take_back(&worker->process->proc, job->slot, job->seq);
}

static void op_results(void *ctx, struct worker *worker)
{
    (void)ctx;
    take_results(worker->process);
}

static void op_stop_flag(void *ctx, struct worker *worker, const struct job *job)
{
    (void)ctx;
    worker_proc_stop_flag(&worker->process->proc, job->seq);
}

static void op_signal(void *ctx, struct worker *worker, int signo)
{
    struct worker_link *link = worker->process;
    (void)ctx;
    log_event(LOG_DEBUG, "worker-signal", LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid), LOG_STR("signal", signal_name(signo)));
    if (signo == SIGKILL)
        kill_process(link);
    else
        worker_proc_signal(&link->proc, signo);
}

/* A worker ends by itself at the end of its input. One that is not connected yet has nothing to
 * lose. */
static void op_retire(void *ctx, struct worker *worker)
{
    struct worker_link *link = worker->process;
    (void)ctx;
    if (!link->conn || link->conn->conn.output_len)
        kill_process(link);
    else
        conn_shut_output(&link->conn->conn);
}

static void op_poll(void *ctx, struct worker *worker)
{
    struct workers *workers = ctx;
    struct worker_link *link = worker->process;
    uint32_t id = worker->id;
    workers_reap(workers); /* a death that is known by now is told as what it is */
    if (pool_find(&workers->dispatcher->pool, id) && link->conn)
        conn_read_now(&link->conn->conn, workers->config->payload_max + READ_ON_DEATH);
    if (pool_find(&workers->dispatcher->pool, id))
        take_results(link);
}

static void op_forget(void *ctx, struct worker *worker)
{
    (void)ctx;
    if (worker->process)
        link_free(worker->process);
    worker->process = NULL;
}

const struct dispatcher_ops worker_link_ops = {
    .start = op_start,
    .assign = op_assign,
    .take_back = op_take_back,
    .results = op_results,
    .stop_flag = op_stop_flag,
    .signal = op_signal,
    .retire = op_retire,
    .poll = op_poll,
    .forget = op_forget,
};

/* --- all workers --- */

void workers_init(struct workers *workers)
{
    TAILQ_INIT(&workers->links);
    TAILQ_INIT(&workers->unproven);
    log_limit_init(&workers->strangers, workers->loop->timers, LOG_WARN, "stranger");
}

void workers_free(struct workers *workers)
{
    bug_on(!TAILQ_EMPTY(&workers->links));
    log_limit_end(&workers->strangers);
    free(workers->settings);
    free(workers->env.environ);
}

static json_t *module_settings(const struct config *config)
{
    json_t *modules = json_object();
    for (size_t i = 0; i < config->module_count; i++) {
        const struct config_module *module = &config->modules[i];
        json_t *own = json_loads(module->config, 0, NULL);
        json_object_set_new(modules, module->name, json_pack("{s:o}", "config", own));
    }
    return modules;
}

static json_t *names(const struct config_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

void workers_configure(struct workers *workers, const struct config *config)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    workers->config = config;
    workers->env.path = config->worker_path;
    workers->limits = (struct conn_limits){.output_pause = UINT64_MAX};
    json_t *settings = json_pack(
        "{s:s, s:s, s:I, s:s, s:o, s:o}", "boot", workers->boot, "module_dir", config->module_dir,
        "payload_max", (json_int_t)config->payload_max, "log_level", levels[config->log_level],
        "preload", names(&config->preload), "modules", module_settings(config));
    free(workers->settings);
    workers->settings = settings ? json_dumps(settings, JSON_COMPACT) : NULL;
    if (!workers->settings)
        fatal(EX_SOFTWARE, "cannot write the workers' settings");
    workers->settings_len = strlen(workers->settings);
    json_decref(settings);
}
