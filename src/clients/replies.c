/* client_replies: writes the events of a job to its client. */
#include "clients/clients_internal.h"

#include "base/signal_name.h"
#include "common/job_progress.h"
#include "common/limits.h"
#include "protocol/event_writer.h"

#include <string.h>

enum {
    BY_NAME_MAX = 128,               /* bytes of JSON text: 64 quotes, escaped */
    PROGRESS_OUTPUT_MAX = 64 * 1024, /* no progress is told to a client with more unread output */
};

typedef void (*write_fields)(struct event_writer *event, const struct client_session *session,
                             const struct job *job, const struct job_event *e);

static void write_accepted(struct event_writer *event, const struct client_session *session,
                           const struct job *job, const struct job_event *e)
{
    (void)session, (void)job;
    event_uint(event, "position", e->position);
}

static void write_started(struct event_writer *event, const struct client_session *session,
                          const struct job *job, const struct job_event *e)
{
    (void)session, (void)job;
    event_uint(event, "worker", e->worker);
    event_word(event, "pool", e->pool);
}

static void write_progress(struct event_writer *event, const struct client_session *session,
                           const struct job *job, const struct job_event *e)
{
    const struct job_progress *progress = e->progress;
    (void)session, (void)job;
    event_fraction(event, "fraction", progress->fraction);
    if (*progress->message)
        event_text(event, "message", progress->message, strlen(progress->message), MESSAGE_MAX);
}

static void write_part(struct event_writer *event, const struct client_session *session,
                       const struct job *job, const struct job_event *e)
{
    (void)session, (void)job;
    event_uint(event, "seq", e->part_seq);
    event_uint(event, "size", e->payload ? e->payload->size : 0);
}

static void write_done(struct event_writer *event, const struct client_session *session,
                       const struct job *job, const struct job_event *e)
{
    (void)session;
    event_uint(event, "size", e->payload ? e->payload->size : 0);
    event_uint(event, "order", job->run.order);
    event_uint(event, "wait_us", e->wait_us);
    event_uint(event, "run_us", e->run_us);
}

static void write_failed(struct event_writer *event, const struct client_session *session,
                         const struct job *job, const struct job_event *e)
{
    (void)session, (void)job;
    event_word(event, "reason", fail_reason_name(e->fail));
    if (e->code)
        event_text(event, "code", e->code, strlen(e->code), CODE_MAX);
    event_text(event, "message", e->message ? e->message : "", e->message_len, MESSAGE_MAX);
    if (e->step != STOP_NONE)
        event_word(event, "step", stop_step_name(e->step));
    if (e->by)
        event_word(event, "by", ended_by_name(e->by));
    if (e->by_name)
        event_text(event, "by_name", e->by_name, strlen(e->by_name), CLIENT_NAME_SHOWN);
    if (e->signal)
        event_word(event, "signal", signal_name(e->signal));
    if (e->exited)
        event_uint(event, "exit_status", (uint64_t)e->exit_status);
    if (e->retry_after_ms)
        event_uint(event, "retry_after_ms", e->retry_after_ms);
    if (e->payload)
        event_uint(event, "size", e->payload->size);
}

static void write_overload(struct event_writer *event, const struct client_session *session,
                           const struct job *job, const struct job_event *e)
{
    (void)session, (void)job;
    event_word(event, "reason", overload_reason_name(e->overload));
    event_word(event, "pool", e->pool);
    event_uint(event, "queued", e->queued);
    event_uint(event, "running", e->running);
    event_uint(event, "retry_after_ms", e->retry_after_ms);
}

static void write_usage(struct event_writer *event, const struct job_usage *usage)
{
    event_key(event, "usage");
    event_put(event, "{\"cpu_us\":", 10);
    event_digits(event, usage->cpu_us);
    event_put(event, ",\"worker_rss\":", 14);
    event_digits(event, usage->worker_rss);
    event_put(event, "}", 1);
}

/* The events of jobs: name, own fields, and the fields shared by several events. */
static const struct {
    const char *name;
    write_fields own;
    bool job;     /* the job's name */
    bool order;   /* if the job has begun */
    bool context; /* if the submit had one */
} rows[] = {
    [JOB_ACCEPTED] = {"accepted", write_accepted, .job = true},
    [JOB_STARTED] = {"started", write_started, .job = true, .order = true},
    [JOB_PROGRESS] = {"progress", write_progress, .job = true},
    [JOB_PART] = {"part", write_part, .job = true},
    [JOB_DONE] = {"done", write_done, .job = true, .context = true},
    [JOB_FAILED] = {"failed", write_failed, .job = true, .order = true, .context = true},
    [JOB_OVERLOAD] = {"overload", write_overload, .context = true},
};

/* A context comes back with the last event of the submit. */
static bool has_context(const struct job *job, const struct job_event *e)
{
    return rows[e->type].context || (e->type == JOB_ACCEPTED && job->asked.detach);
}

/* Another report follows. */
static bool is_dropped(const struct client_session *session, const struct job_event *e)
{
    return e->type == JOB_PROGRESS && session->peer.conn.output_len > PROGRESS_OUTPUT_MAX;
}

/* The event behind its address. */
static void write_rest(struct event_writer *event, struct client_session *session, struct job *job,
                       const struct job_event *e)
{
    if (rows[e->type].job)
        event_job(event, clients_of(session)->peers.boot, job->seq);
    rows[e->type].own(event, session, job, e);
    if (e->usage)
        write_usage(event, e->usage);
    if (rows[e->type].order && job->run.begun_us)
        event_uint(event, "order", job->run.order);
    if (has_context(job, e))
        event_json(event, "context", job_context(job), job->asked.context_len);
    event_end(event);
    if (e->payload)
        conn_write_payload(&session->peer.conn, e->payload);
    client_session_note_unread(session);
}

void client_replies_tell(struct client_session *session, struct job *job, const struct job_event *e)
{
    struct event_writer event;
    if (!conn_is_open(&session->peer.conn) || is_dropped(session, e))
        return;
    event_begin(&event, &session->peer.conn, rows[e->type].name);
    event_json(&event, "id", job_id(job), job->asked.id_len);
    write_rest(&event, session, job, e);
    if (e->type == JOB_PART)
        client_reader_put(session);
}

/* The submitter's name. */
static const char *from_of(const struct job *job)
{
    const struct job_origin *origin = job->asked.origin;
    if (!origin)
        return NULL;
    return origin->owner ? origin->owner : origin->client;
}

void client_replies_tell_service(struct client_session *session, const char *name, bool undelivered,
                                 struct job *job, const struct job_event *e)
{
    struct event_writer event;
    const char *from = from_of(job);
    event_begin(&event, &session->peer.conn, rows[e->type].name);
    event_word(&event, "service", name);
    event_json(&event, "submit_id", job_id(job), job->asked.id_len);
    if (from)
        event_text(&event, "from", from, strlen(from), CLIENT_NAME_SHOWN);
    if (undelivered)
        event_bool(&event, "undelivered", true);
    write_rest(&event, session, job, e);
}

void client_replies_on_job(struct job_source *source, struct job *job, const struct job_event *e)
{
    client_replies_tell(client_session_of_source(source), job, e);
}
