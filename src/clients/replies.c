/* client_replies: writes the events of a job to its client. */
#include "clients/clients_internal.h"

#include "base/signal_name.h"
#include "common/limits.h"
#include "protocol/event_writer.h"

#include <string.h>

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
    event_uint(event, "order", job->run.order);
    event_uint(event, "wait_us", job->run.begun_us - job->run.submitted_us);
    event_uint(event, "run_us", client_session_timers(session)->now_us - job->run.begun_us);
}

void client_replies_on_job(struct job_source *source, struct job *job, const struct job_event *e)
{
    static const char *const names[] = {[JOB_ACCEPTED] = "accepted",
                                        [JOB_STARTED] = "started",
                                        [JOB_DONE] = "done",
                                        [JOB_FAILED] = "failed",
                                        [JOB_OVERLOAD] = "overload"};
    struct client_session *session = client_session_of_source(source);
    struct event_writer event;
    if (!conn_is_open(&session->conn))
        return;
    event_begin(&event, &session->conn, names[e->type]);
    event_json(&event, "id", job_id(job), job->asked.id_len);
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
    if (job->run.begun_us && e->type != JOB_DONE)
        event_uint(&event, "order", job->run.order);
    if (e->type >= JOB_DONE)
        event_json(&event, "context", job_context(job), job->asked.context_len);
    event_end(&event);
    if (e->payload)
        conn_write_payload(&session->conn, e->payload);
    dispatcher_source_unread(session->clients->dispatcher, source, session->conn.output_len);
}
