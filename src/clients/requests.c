/*
 * client_requests: what each operation does, for a request that was read and is right. handlers[]
 * says which is handled where. A submit's job is known by its id from here until it has ended.
 */
#include "clients/clients_internal.h"

#include "access/token_set.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "protocol/event_writer.h"
#include "protocol/request.h"
#include "stats/report.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char features[] =
    "[\"set\",\"stats\",\"workers\",\"cancel\",\"kill\",\"context\",\"link\","
    "\"timeout\",\"notify-accepted\",\"notify-started\"]";

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

/* --- hello and set --- */

static void set_module(struct client_session *session, const struct request *request)
{
    if (!request->module_len)
        return;
    free(session->module);
    session->module = xstrdup(request->module);
}

static enum request_verdict handle_hello(struct client_session *session, struct request *request)
{
    const struct client_settings *settings = session->clients->settings;
    const struct dispatcher_limits *limits = &session->clients->dispatcher->limits;
    struct event_writer event;
    enum request_verdict verdict = REQUEST_FINE;
    if (session->greeted)
        return request_refuse(request, REQUEST_WRONG, "bad-request", "hello was said already");
    if ((verdict = client_tokens_check(session->clients, request)) != REQUEST_FINE ||
        (verdict = client_admit_check(session->clients, request)) != REQUEST_FINE)
        return verdict;
    client_session_greet(session, token_digest(request->token));
    session->payload_max = (uint32_t)settings->payload_max;
    set_module(session, request);
    begin_answer(&event, session, "hello", request);
    event_uint(&event, "protocol", PROTOCOL_VERSION);
    event_word(&event, "server", "taskmasterd/" TASKMASTER_VERSION);
    event_word(&event, "boot", session->clients->boot);
    event_uint(&event, "header_max", HEADER_MAX);
    event_uint(&event, "payload_max", session->payload_max);
    event_uint(&event, "id_max", ID_MAX);
    event_uint(&event, "context_max", CONTEXT_MAX);
    event_uint(&event, "job_max", limits->job_max);
    event_uint(&event, "client_job_max", limits->client_job_max);
    event_uint(&event, "payload_total_max", settings->payload_total_max);
    event_uint(&event, "client_output_max", limits->source_output_max);
    event_json(&event, "features", features, sizeof features - 1);
    event_json(&event, "ignored", request->ignored, request->ignored_len);
    if (request->ignored_count)
        event_uint(&event, "ignored_count", request->ignored_count);
    event_end(&event);
    if (request->client[0])
        log_event(LOG_DEBUG, "client-hello", LOG_STR("client", session->name),
                  LOG_STR("name", request->client));
    return REQUEST_FINE;
}

static enum request_verdict handle_set(struct client_session *session, struct request *request)
{
    set_module(session, request);
    answer_ok(session, request);
    return REQUEST_FINE;
}

/* --- submit --- */

static void find_module(const struct client_session *session, struct job *job, const char *module,
                        size_t len)
{
    job->asked.module = module_table_find(session->clients->modules, module, len,
                                          client_session_timers(session)->now_us);
    if (!job->asked.module)
        job->run.why_no_module = module_table_why_not(session->clients->modules, module);
}

bool client_requests_submit(struct client_session *session, struct job *job, const char *module,
                            size_t module_len)
{
    if (!client_job_ids_add(session, job))
        return false;
    find_module(session, job, module, module_len);
    job_set_source(job, &session->source);
    dispatcher_submit(session->clients->dispatcher, job);
    return true;
}

static enum request_verdict handle_submit(struct client_session *session, struct request *request)
{
    const char *module = request->module_len ? request->module : session->module;
    size_t module_len = request->module_len;
    if (!module)
        return request_refuse(
            request, REQUEST_WRONG, "bad-request",
            "submit needs a field module, as no default is set for this connection");
    if (!module_len)
        module_len = strlen(module);
    struct job *job = job_new(request->id, request->id_len, request->context, request->context_len);
    job->asked.timeout_ms = request->timeout_ms;
    job->asked.payload_max = session->payload_max;
    job->asked.link = request->link;
    job->asked.notify_accepted = request->notify_accepted;
    job->asked.notify_started = request->notify_started;
    if (!request->size) {
        if (!client_requests_submit(session, job, module, module_len))
            client_session_refuse_job(session, job);
        return REQUEST_FINE;
    }
    session->arriving = job;
    memcpy(session->arriving_module, module, module_len + 1);
    session->arriving_module_len = (uint8_t)module_len;
    conn_expect(&session->conn, request->size, true, false);
    return REQUEST_FINE;
}

/* --- cancel and kill --- */

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

static enum request_verdict refuse_unknown_job(struct request *request)
{
    if (request->target_len)
        return request_refuse(
            request, REQUEST_WRONG, "unknown-job",
            "no job with id %.*s of this connection is waiting or running; it may have ended",
            ID_SHOWN_MAX, request->target);
    return request_refuse(request, REQUEST_WRONG, "unknown-job",
                          "no job %s is waiting or running; it may have ended", request->job);
}

static enum request_verdict handle_cancel(struct client_session *session, struct request *request)
{
    struct event_writer event;
    struct job *job = request->target_len
                          ? client_job_ids_find(session, request->target, request->target_len)
                          : find_by_name(session, request->job);
    if (!job)
        return refuse_unknown_job(request);
    begin_answer(&event, session, "ok", request);
    event_word(&event, "op", op_name(request->op));
    event_job(&event, session->clients->boot, job->seq);
    event_word(&event, "state", job_state_name(job->state));
    event_end(&event);
    dispatcher_cancel(session->clients->dispatcher, job, request->op == OP_KILL);
    return REQUEST_FINE;
}

/* --- ping, stats and workers --- */

static enum request_verdict handle_ping(struct client_session *session, struct request *request)
{
    struct event_writer event;
    begin_answer(&event, session, "pong", request);
    event_end(&event);
    return REQUEST_FINE;
}

static void answer_report(struct client_session *session, struct request *request, char *text)
{
    struct event_writer event;
    size_t len = strlen(text);
    struct payload *payload = payload_from(session->clients->loop->output, text, len);
    begin_answer(&event, session, op_name(request->op), request);
    event_uint(&event, "size", len);
    event_end(&event);
    conn_write_payload(&session->conn, payload);
    payload_unref(payload);
    free(text);
}

static enum request_verdict handle_stats(struct client_session *session, struct request *request)
{
    const struct clients *clients = session->clients;
    const struct report_clients counts = {clients->connected, clients->settings->client_max};
    answer_report(session, request, report_stats(clients->report, &counts));
    return REQUEST_FINE;
}

static enum request_verdict handle_workers(struct client_session *session, struct request *request)
{
    answer_report(session, request, report_workers(session->clients->report));
    return REQUEST_FINE;
}

/* --- all operations --- */

typedef enum request_verdict op_handler(struct client_session *session, struct request *request);

static op_handler *const handlers[OP_COUNT] = {
    [OP_HELLO] = handle_hello,   [OP_SUBMIT] = handle_submit, [OP_SET] = handle_set,
    [OP_PING] = handle_ping,     [OP_STATS] = handle_stats,   [OP_WORKERS] = handle_workers,
    [OP_CANCEL] = handle_cancel, [OP_KILL] = handle_cancel,
};

enum request_verdict client_requests_answer(struct client_session *session, struct request *request)
{
    return handlers[request->op](session, request);
}
