/* client_session: see client_session.h. */
#include "client_session.h"

#include "address.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "event_writer.h"
#include "report.h"
#include "request.h"
#include "signal_name.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum session_state {
    SESSION_OPEN,
    SESSION_ENDING,
    SESSION_LINGER,
};

enum {
    OUTPUT_PAUSE = 256 * 1024, /* bytes that wait before a client is not read from any more */
    ID_SHOWN_MAX = 100,        /* bytes of an id in a message */
    TURN_MESSAGES = 1024,      /* a client's share of a turn: a millisecond or two of submits, */
    TURN_OUTPUT = 64 * 1024,   /* or of answers such as stats, which cost by their length */
    REFUSED_MAX = 64,          /* connections over client-max that are told so at the same time */
};

/* An error to tell: at once, or once the payload of the request has passed. */
struct refusal {
    const char *code;
    size_t context_len;
    char op[OP_TEXT_MAX + 1]; /* compact JSON text; empty if it is not known */
    char id[ID_TEXT_MAX + 1];
    char message[REQUEST_MESSAGE_MAX];
    char context[CONTEXT_MAX];
};

struct client_session {
    struct conn conn;
    struct job_source source;
    struct clients *clients;
    TAILQ_ENTRY(client_session) link;
    uint64_t number;
    enum session_state state;
    bool greeted;            /* hello was answered */
    bool admitted;           /* counts as connected */
    char *module;            /* the default; NULL until one is set */
    struct job *arriving;    /* a submit whose payload is on its way */
    struct refusal *refusal; /* or what a wrong request will be answered */
    enum op last_op;         /* of the header that was read last */
    size_t last_size;        /* the payload that it announced */
    struct timer timer;      /* hello-timeout, then linger */
    char name[];             /* who it is, for the log */
};

typedef void (*op_handler)(struct client_session *session, struct request *request);

static void handle_submit(struct client_session *session, struct request *request);
static void handle_hello(struct client_session *session, struct request *request);
static void handle_set(struct client_session *session, struct request *request);
static void handle_ping(struct client_session *session, struct request *request);
static void handle_stats(struct client_session *session, struct request *request);
static void handle_workers(struct client_session *session, struct request *request);
static void handle_cancel(struct client_session *session, struct request *request);

static const op_handler handlers[OP_COUNT] = {
    [OP_HELLO] = handle_hello,   [OP_SUBMIT] = handle_submit, [OP_SET] = handle_set,
    [OP_PING] = handle_ping,     [OP_STATS] = handle_stats,   [OP_WORKERS] = handle_workers,
    [OP_CANCEL] = handle_cancel, [OP_KILL] = handle_cancel,
};

static const char features[] =
    "[\"set\",\"stats\",\"workers\",\"cancel\",\"kill\",\"context\",\"link\","
    "\"timeout\",\"notify-accepted\",\"notify-started\"]";

static struct client_session *session_of_conn(struct conn *conn)
{
    return (struct client_session *)((char *)conn - offsetof(struct client_session, conn));
}

static struct client_session *session_of_source(struct job_source *source)
{
    return (struct client_session *)((char *)source - offsetof(struct client_session, source));
}

static struct job *job_of_id_node(struct hash_node *node)
{
    return (struct job *)((char *)node - offsetof(struct job, by_id));
}

static struct timers *timers_of(const struct client_session *session)
{
    return session->clients->loop->timers;
}

/* --- ending --- */

static void session_close(struct client_session *session, const char *why)
{
    if (!conn_is_open(&session->conn))
        return;
    log_event(LOG_DEBUG, "client-closed", LOG_STR("client", session->name), LOG_STR("why", why),
              LOG_UINT("jobs", session->source.job_count));
    timer_clear(timers_of(session), &session->timer);
    session->clients->open--;
    if (session->admitted)
        session->clients->connected--;
    conn_close(&session->conn);
    dispatcher_source_gone(session->clients->dispatcher, &session->source);
}

/* Goes on to end a session when nothing is left to be delivered. */
static void settle(struct client_session *session)
{
    if (session->state != SESSION_ENDING || session->source.job_count || session->conn.output_len)
        return;
    if (session->conn.input_ended) {
        session_close(session, "end of input");
        return;
    }
    session->state = SESSION_LINGER;
    timer_set_ms(timers_of(session), &session->timer, session->clients->config->linger_ms);
    conn_shut_output(&session->conn);
}

static void cut_ties(struct client_session *session)
{
    if (!dispatcher_source_ended(session->clients->dispatcher, &session->source))
        timer_set(timers_of(session), &session->timer, timers_of(session)->now_us + 1);
}

/* No request is read any more. Ties are cut: that ends jobs, whose events are still delivered. */
static void end_input(struct client_session *session)
{
    if (session->state != SESSION_OPEN)
        return;
    session->state = SESSION_ENDING;
    timer_clear(timers_of(session), &session->timer);
    conn_ignore_input(&session->conn);
    if (session->arriving)
        job_free(session->arriving);
    session->arriving = NULL;
    free(session->refusal);
    session->refusal = NULL;
    cut_ties(session);
    settle(session);
}

static void session_release(void *arg)
{
    struct client_session *session = arg;
    struct clients *clients = session->clients;
    if (!dispatcher_source_gone(clients->dispatcher, &session->source)) {
        timer_set(timers_of(session), &session->timer, timers_of(session)->now_us + 1);
        return;
    }
    TAILQ_REMOVE(&clients->sessions, session, link);
    if (session->arriving)
        job_free(session->arriving);
    free(session->refusal);
    free(session->module);
    free(session);
}

static void on_free(struct conn *conn)
{
    struct client_session *session = session_of_conn(conn);
    timer_init(&session->timer, session_release, session);
    session_release(session);
}

/* --- errors --- */

static void write_error(struct client_session *session, const struct refusal *refusal, bool fatal)
{
    struct event_writer event;
    event_begin(&event, &session->conn, "error");
    event_json(&event, "op", refusal->op, strlen(refusal->op));
    event_json(&event, "id", refusal->id, strlen(refusal->id));
    event_word(&event, "code", refusal->code);
    event_text(&event, "message", refusal->message, strlen(refusal->message), MESSAGE_MAX);
    event_json(&event, "context", refusal->context, refusal->context_len);
    if (fatal)
        event_bool(&event, "fatal", true);
    event_end(&event);
}

static void fill_refusal(struct refusal *refusal, const struct request *request, const char *code,
                         const char *message)
{
    refusal->code = code;
    refusal->op[0] = '\0';
    refusal->id[0] = '\0';
    refusal->context_len = 0;
    snprintf(refusal->message, sizeof refusal->message, "%s", message);
    if (!request)
        return;
    snprintf(refusal->op, sizeof refusal->op, "%s", request->op_text);
    memcpy(refusal->id, request->id, request->id_len + 1);
    if (request->op == OP_SUBMIT) {
        refusal->context_len = request->context_len;
        memcpy(refusal->context, request->context, request->context_len);
    }
}

/* The one way in which a client's fault ends its connection. `request`: what could be read of it,
 * or NULL. */
static void fail_session(struct client_session *session, const struct request *request,
                         const char *code, const char *message)
{
    struct refusal refusal;
    if (session->state != SESSION_OPEN)
        return;
    if (log_limit_allows(&session->clients->errors))
        log_event(LOG_INFO, "client-error", LOG_STR("client", session->name), LOG_STR("code", code),
                  LOG_STR("message", message));
    fill_refusal(&refusal, request, code, message);
    write_error(session, &refusal, true);
    end_input(session);
}

static void refuse_request(struct client_session *session, const struct request *request,
                           const char *code, const char *message)
{
    struct refusal refusal;
    fill_refusal(&refusal, request, code, message);
    if (!request->size) {
        write_error(session, &refusal, false);
        return;
    }
    session->refusal = xmalloc(sizeof refusal);
    *session->refusal = refusal;
    conn_expect(&session->conn, request->size, false, false);
}

/* --- events of jobs --- */

static void write_failure(struct event_writer *event, const struct job_event *e)
{
    event_word(event, "reason", fail_reason_name(e->fail));
    if (e->code)
        event_text(event, "code", e->code, strlen(e->code), CODE_MAX);
    event_text(event, "message", e->message ? e->message : "", e->message_len, MESSAGE_MAX);
    if (e->step != STOP_NONE)
        event_word(event, "step", stop_step_name(e->step));
    if (e->signal)
        event_word(event, "signal", signal_name(e->signal));
    if (e->exited)
        event_uint(event, "exit_status", (uint64_t)e->exit_status);
    if (e->payload)
        event_uint(event, "size", e->payload->size);
}

static void write_overload(struct event_writer *event, const struct job_event *e)
{
    event_word(event, "reason", overload_reason_name(e->overload));
    event_uint(event, "queued", e->queued);
    event_uint(event, "running", e->running);
    event_uint(event, "retry_after_ms", e->retry_after_ms);
}

static void write_done(struct event_writer *event, const struct client_session *session,
                       const struct job *job, const struct job_event *e)
{
    event_uint(event, "size", e->payload ? e->payload->size : 0);
    event_uint(event, "order", job->order);
    event_uint(event, "wait_us", job->assigned_us - job->submitted_us);
    event_uint(event, "run_us", timers_of(session)->now_us - job->assigned_us);
}

static void on_job_event(struct job_source *source, struct job *job, const struct job_event *e)
{
    static const char *const names[] = {[JOB_ACCEPTED] = "accepted",
                                        [JOB_STARTED] = "started",
                                        [JOB_DONE] = "done",
                                        [JOB_FAILED] = "failed",
                                        [JOB_OVERLOAD] = "overload"};
    struct client_session *session = session_of_source(source);
    struct event_writer event;
    if (!conn_is_open(&session->conn))
        return;
    event_begin(&event, &session->conn, names[e->type]);
    event_json(&event, "id", job_id(job), job->id_len);
    if (e->type != JOB_OVERLOAD)
        event_job(&event, session->clients->boot, job->seq);
    if (e->type == JOB_ACCEPTED)
        event_uint(&event, "position", e->position);
    if (e->type == JOB_STARTED)
        event_uint(&event, "worker", e->worker);
    if (e->type == JOB_DONE)
        write_done(&event, session, job, e);
    else if (e->type == JOB_FAILED)
        write_failure(&event, e);
    else if (e->type == JOB_OVERLOAD)
        write_overload(&event, e);
    if (job->assigned_us && e->type != JOB_DONE)
        event_uint(&event, "order", job->order);
    if (e->type >= JOB_DONE)
        event_json(&event, "context", job_context(job), job->context_len);
    event_end(&event);
    if (e->payload)
        conn_write_payload(&session->conn, e->payload);
}

static void on_job_left(struct job_source *source, struct job *job)
{
    hash_remove(&session_of_source(source)->clients->jobs_by_id, &job->by_id);
}

/* --- operations --- */

static void begin_answer(struct event_writer *event, struct client_session *session,
                         const char *name, const struct request *request)
{
    event_begin(event, &session->conn, name);
    event_json(event, "id", request->id, request->id_len);
}

static void answer_ok(struct client_session *session, const struct request *request)
{
    struct event_writer event;
    begin_answer(&event, session, "ok", request);
    event_word(&event, "op", op_name(request->op));
    event_end(&event);
}

static void set_module(struct client_session *session, const struct request *request)
{
    if (!request->module_len)
        return;
    free(session->module);
    session->module = xstrdup(request->module);
}

/* In a time that tells nothing about the tokens but their number. */
static bool token_is_valid(const struct config *config, const char *token)
{
    bool found = false;
    size_t len = strlen(token);
    for (size_t i = 0; i < config->tokens.count; i++) {
        const char *known = config->tokens.items[i];
        size_t known_len = strlen(known);
        unsigned char differ = known_len != len;
        for (size_t k = 0; k < len; k++)
            differ |= (unsigned char)(token[k] ^ known[known_len ? k % known_len : 0]);
        found |= !differ;
    }
    return found || !config->token_file;
}

static void handle_hello(struct client_session *session, struct request *request)
{
    const struct config *config = session->clients->config;
    struct event_writer event;
    if (session->greeted) {
        refuse_request(session, request, "bad-request", "hello was said already");
        return;
    }
    if (!token_is_valid(config, request->token)) {
        fail_session(session, request, "unauthorized",
                     request->token[0] ? "the token is not one of this server's"
                                       : "this server asks for a token");
        return;
    }
    session->greeted = true;
    timer_clear(timers_of(session), &session->timer);
    set_module(session, request);
    begin_answer(&event, session, "hello", request);
    event_uint(&event, "protocol", PROTOCOL_VERSION);
    event_word(&event, "server", "taskmasterd/" TASKMASTER_VERSION);
    event_word(&event, "boot", session->clients->boot);
    event_uint(&event, "header_max", HEADER_MAX);
    event_uint(&event, "payload_max", config->payload_max);
    event_uint(&event, "id_max", ID_MAX);
    event_uint(&event, "context_max", CONTEXT_MAX);
    event_uint(&event, "job_max", config->job_max);
    event_json(&event, "features", features, sizeof features - 1);
    event_end(&event);
    if (request->client[0])
        log_event(LOG_DEBUG, "client-hello", LOG_STR("client", session->name),
                  LOG_STR("name", request->client));
}

static uint64_t id_hash(const struct client_session *session, const char *id, size_t len)
{
    return siphash(id, len, session->number);
}

static struct job *find_by_id(const struct client_session *session, const char *id, size_t len,
                              uint64_t value)
{
    struct hash_node *node = hash_first(&session->clients->jobs_by_id, value);
    for (; node; node = hash_next(node)) {
        struct job *job = job_of_id_node(node);
        if (job->source == &session->source && job->id_len == len &&
            memcmp(job_id(job), id, len) == 0)
            return job;
    }
    return NULL;
}

static void refuse_duplicate(struct client_session *session, struct job *job)
{
    struct refusal refusal;
    fill_refusal(
        &refusal, NULL, "duplicate-id",
        "a job under this id has not ended yet; an id is free again after the job's last event");
    snprintf(refusal.op, sizeof refusal.op, "\"%s\"", op_name(OP_SUBMIT));
    memcpy(refusal.id, job_id(job), job->id_len);
    refusal.id[job->id_len] = '\0';
    refusal.context_len = job->context_len;
    memcpy(refusal.context, job_context(job), job->context_len);
    job_free(job);
    write_error(session, &refusal, false);
}

/* A submit that has been read whole. */
static void submit(struct client_session *session, struct job *job)
{
    uint64_t value = id_hash(session, job_id(job), job->id_len);
    if (find_by_id(session, job_id(job), job->id_len, value)) {
        refuse_duplicate(session, job);
        return;
    }
    hash_insert(&session->clients->jobs_by_id, &job->by_id, value);
    job_set_source(job, &session->source);
    dispatcher_submit(session->clients->dispatcher, job);
}

static void handle_submit(struct client_session *session, struct request *request)
{
    const char *module = request->module_len ? request->module : session->module;
    if (!module) {
        refuse_request(session, request, "bad-request",
                       "submit needs a field module, as no default is set for this connection");
        return;
    }
    struct job *job = job_new(request->id, request->id_len, request->context, request->context_len);
    job->module = module_table_find(session->clients->modules, module, strlen(module),
                                    timers_of(session)->now_us);
    if (!job->module)
        job->why_no_module = module_table_why_not(session->clients->modules, module);
    job->timeout_ms = request->timeout_ms;
    job->link = request->link;
    job->notify_accepted = request->notify_accepted;
    job->notify_started = request->notify_started;
    if (!request->size) {
        submit(session, job);
        return;
    }
    session->arriving = job;
    conn_expect(&session->conn, request->size, true, false);
}

static void handle_set(struct client_session *session, struct request *request)
{
    set_module(session, request);
    answer_ok(session, request);
}

static void handle_ping(struct client_session *session, struct request *request)
{
    struct event_writer event;
    begin_answer(&event, session, "pong", request);
    event_end(&event);
}

static void answer_report(struct client_session *session, struct request *request, char *text)
{
    struct event_writer event;
    size_t len = strlen(text);
    struct payload *payload = payload_from(session->clients->loop->budget, text, len);
    begin_answer(&event, session, op_name(request->op), request);
    event_uint(&event, "size", len);
    event_end(&event);
    conn_write_payload(&session->conn, payload);
    payload_unref(payload);
    free(text);
}

static void handle_stats(struct client_session *session, struct request *request)
{
    answer_report(session, request, report_stats(session->clients->report));
}

static void handle_workers(struct client_session *session, struct request *request)
{
    answer_report(session, request, report_workers(session->clients->report));
}

static struct job *find_by_target(const struct client_session *session,
                                  const struct request *request)
{
    return find_by_id(session, request->target, request->target_len,
                      id_hash(session, request->target, request->target_len));
}

/* "BOOT-SEQ", as this server wrote it. */
static struct job *find_by_name(const struct client_session *session, const char *name)
{
    const char *boot = session->clients->boot;
    size_t boot_len = strlen(boot);
    char *end;
    if (strncmp(name, boot, boot_len) != 0 || name[boot_len] != '-')
        return NULL;
    const char *digits = name + boot_len + 1;
    if (*digits < '1' || *digits > '9')
        return NULL;
    errno = 0;
    unsigned long long seq = strtoull(digits, &end, 10);
    if (*end || errno)
        return NULL;
    return dispatcher_find(session->clients->dispatcher, seq);
}

static void handle_cancel(struct client_session *session, struct request *request)
{
    struct event_writer event;
    struct job *job = request->target_len ? find_by_target(session, request)
                                          : find_by_name(session, request->job);
    if (!job) {
        refuse_request(session, request, "unknown-job",
                       "no such job is waiting or running; it may have ended");
        return;
    }
    begin_answer(&event, session, "ok", request);
    event_word(&event, "op", op_name(request->op));
    event_job(&event, session->clients->boot, job->seq);
    event_word(&event, "state", job_state_name(job->state));
    event_end(&event);
    dispatcher_cancel(session->clients->dispatcher, job, request->op == OP_KILL);
}

/* --- input --- */

/* What has come of the payload that is arriving. */
static void describe_payload(const struct client_session *session, char *text, size_t size)
{
    const struct job *job = session->arriving;
    const char *id = job ? job_id(job) : session->refusal->id;
    size_t id_len = job ? job->id_len : strlen(id);
    int shown = (int)(id_len < ID_SHOWN_MAX ? id_len : ID_SHOWN_MAX);
    snprintf(text, size, "payload of %s%s%.*s: %zu of %zu bytes came",
             session->last_op == OP_NONE ? "a request" : op_name(session->last_op),
             shown ? ", id " : "", shown, id, session->last_size - session->conn.missing,
             session->last_size);
}

/* Nobody waits for what is missing. Whoever counted wrong looks here. */
static void log_truncated(const struct client_session *session)
{
    char text[256];
    if (!log_limit_allows(&session->clients->truncated))
        return;
    if (session->conn.in_payload)
        describe_payload(session, text, sizeof text);
    else
        snprintf(text, sizeof text, "a header without its LF: %zu bytes came",
                 session->conn.partial_len);
    log_event(LOG_INFO, "client-truncated", LOG_STR("client", session->name),
              LOG_STR("what", text));
}

/* What is no header is often the rest of a payload whose size was wrong. */
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
    struct client_session *session = session_of_conn(conn);
    char text[REQUEST_MESSAGE_MAX] =
        "no LF within 4096 bytes; a header is one line of JSON, then the payload";
    add_hint(session, text, sizeof text);
    fail_session(session, NULL, "header-too-long", text);
}

/* Before hello was answered, every fault is fatal. */
static bool first_is_fine(struct client_session *session, struct request *request,
                          enum request_verdict verdict)
{
    if (request->op != OP_HELLO)
        fail_session(session, request, "hello-required", "the first request must be hello");
    else if (verdict != REQUEST_FINE)
        fail_session(session, request, request->code, request->message);
    return session->state == SESSION_OPEN;
}

static void take_request(struct client_session *session, struct request *request,
                         enum request_verdict verdict)
{
    if (verdict == REQUEST_BROKEN && strcmp(request->code, "bad-json") == 0)
        add_hint(session, request->message, sizeof request->message);
    session->last_op = request->op;
    session->last_size = request->size;
    if (verdict == REQUEST_BROKEN)
        fail_session(session, request, request->code, request->message);
    else if (!session->greeted && !first_is_fine(session, request, verdict))
        return;
    else if (verdict == REQUEST_WRONG && request->op == OP_HELLO)
        handle_hello(session, request); /* a second one, whatever else is wrong with it */
    else if (verdict == REQUEST_WRONG)
        refuse_request(session, request, request->code, request->message);
    else
        handlers[request->op](session, request);
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    static struct request request; /* large, and used by one call at a time */
    struct client_session *session = session_of_conn(conn);
    len--;
    if (len && data[len - 1] == '\r')
        len--;
    enum request_verdict verdict =
        request_parse(&request, data, len, session->clients->config->payload_max);
    take_request(session, &request, verdict);
    /* It would stay until the next header, whoever's that is. */
    if (request.token[0])
        explicit_bzero(request.token, sizeof request.token);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct client_session *session = session_of_conn(conn);
    struct refusal *refusal = session->refusal;
    struct job *job = session->arriving;
    if (refusal) {
        session->refusal = NULL;
        write_error(session, refusal, false);
        free(refusal);
        return;
    }
    session->arriving = NULL;
    job->payload = payload;
    job->over_budget = over_budget;
    submit(session, job);
}

static void on_input_end(struct conn *conn)
{
    struct client_session *session = session_of_conn(conn);
    if (session->state == SESSION_OPEN && (conn->in_payload || conn->partial_len))
        log_truncated(session);
    end_input(session);
    if (session->state == SESSION_LINGER)
        session_close(session, "end of input");
    else
        settle(session);
}

static void on_gone(struct conn *conn, const char *why)
{
    session_close(session_of_conn(conn), why);
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    struct client_session *session = session_of_conn(conn);
    char text[REQUEST_MESSAGE_MAX] = "a payload was not whole within payload-timeout-ms; ";
    size_t len = strlen(text);
    if (what == CONN_SLOW_OUTPUT) {
        session_close(session, "it took nothing of its output within output-timeout-ms");
    } else if (what == CONN_SLOW_HEADER) {
        fail_session(session, NULL, "too-slow", "a header was not whole within header-timeout-ms");
    } else {
        describe_payload(session, text + len, sizeof text - len);
        fail_session(session, NULL, "too-slow", text);
    }
}

static void on_flushed(struct conn *conn)
{
    settle(session_of_conn(conn));
}

static const struct conn_ops session_ops = {
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

static void on_timer(void *arg)
{
    struct client_session *session = arg;
    if (session->state == SESSION_ENDING)
        cut_ties(session);
    else if (session->state == SESSION_LINGER)
        session_close(session, "linger-ms is over");
    else
        fail_session(session, NULL, "too-slow", "no hello within hello-timeout-ms");
}

/* --- all sessions --- */

void clients_init(struct clients *clients)
{
    hash_init(&clients->jobs_by_id);
    TAILQ_INIT(&clients->sessions);
    log_limit_init(&clients->errors, clients->loop->timers, LOG_INFO, "client-error");
    log_limit_init(&clients->truncated, clients->loop->timers, LOG_INFO, "client-truncated");
}

void clients_free(struct clients *clients)
{
    bug_on(!TAILQ_EMPTY(&clients->sessions));
    log_limit_end(&clients->errors);
    log_limit_end(&clients->truncated);
    hash_free(&clients->jobs_by_id);
}

void clients_configure(struct clients *clients, const struct config *config)
{
    clients->config = config;
    clients->limits = (struct conn_limits){
        .header_timeout_ms = config->header_timeout_ms,
        .payload_timeout_ms = config->payload_timeout_ms,
        .output_timeout_ms = config->output_timeout_ms,
        .output_pause = OUTPUT_PAUSE,
        .turn_messages = TURN_MESSAGES,
        .turn_output = TURN_OUTPUT,
        .output_max = config->client_output_max,
    };
}

static struct client_session *session_new(struct clients *clients, const char *address)
{
    size_t room = strlen(address) + 24;
    struct client_session *session = xcalloc(1, sizeof *session + room);
    session->clients = clients;
    session->number = ++clients->last_number;
    session->source.event = on_job_event;
    session->source.left = on_job_left;
    LIST_INIT(&session->source.jobs);
    timer_init(&session->timer, on_timer, session);
    snprintf(session->name, room, "%" PRIu64 "@%s", session->number, address);
    return session;
}

static void admit(struct clients *clients, struct client_session *session)
{
    if (clients->connected >= clients->config->client_max) {
        fail_session(session, NULL, "too-many-clients",
                     "the server has client-max connections already");
        return;
    }
    clients->connected++;
    session->admitted = true;
    timer_set_ms(timers_of(session), &session->timer, clients->config->hello_timeout_ms);
    log_event(LOG_DEBUG, "client-connected", LOG_STR("client", session->name));
}

void clients_accept(struct clients *clients, int fd, const struct sockaddr *addr,
                    socklen_t addr_len)
{
    char address[ADDRESS_TEXT_MAX];
    if (clients->open >= (size_t)clients->config->client_max + REFUSED_MAX) {
        close(fd);
        return;
    }
    address_format(addr, addr_len, address);
    struct client_session *session = session_new(clients, address);
    if (conn_open(&session->conn, clients->loop, fd, &session_ops, &clients->limits) < 0) {
        log_event(LOG_ERROR, "client-refused", LOG_STR("client", session->name),
                  LOG_STR("why", "the event loop does not take its descriptor"));
        close(fd);
        free(session);
        return;
    }
    TAILQ_INSERT_TAIL(&clients->sessions, session, link);
    clients->open++;
    admit(clients, session);
}

size_t clients_output(const struct clients *clients)
{
    const struct client_session *session;
    size_t bytes = 0;
    TAILQ_FOREACH (session, &clients->sessions, link)
        bytes += session->conn.output_len;
    return bytes;
}

void clients_end(struct clients *clients)
{
    struct client_session *session, *next;
    for (session = TAILQ_FIRST(&clients->sessions); session; session = next) {
        next = TAILQ_NEXT(session, link);
        if (conn_is_open(&session->conn))
            end_input(session);
    }
}

void clients_close(struct clients *clients)
{
    struct client_session *session;
    TAILQ_FOREACH (session, &clients->sessions, link)
        session_close(session, "the server ends");
}
