/* queue_replies: see replies.h. */
#include "queue/clients/replies.h"

#include "queue/clients/job_name.h"
#include "queue/clients/session.h"

#include "protocol/event_writer.h"

#include <string.h>

enum {
    PROGRESS_OUTPUT_MAX = 64 * 1024, /* no progress is told to a client with more unread output */
    RETRY_AFTER_MS = 1000,           /* advice: a queue with no room for a job has many to run */
    FIELDS_MAX = 2400, /* bytes of the master's fields: so much of a header is left for them */
};

typedef void (*write_fields)(struct event_writer *event, const struct kept_event *e);

static struct conn *conn_of(const struct queue_follower *follower)
{
    return &follower->session->peer.conn;
}

static void begin(struct event_writer *event, const struct queue_follower *follower,
                  const char *name)
{
    event_begin(event, conn_of(follower), name);
    event_json(event, "id", queue_follower_id(follower), follower->id_len);
}

static void write_message(struct event_writer *event, const char *message)
{
    event_text(event, "message", message, strlen(message), MESSAGE_MAX);
}

/* Fields of an event of the master, unchanged. Today's master has far fewer; more than a header has
 * room for are left out. */
static void write_raw(struct event_writer *event, const char *fields)
{
    size_t len = fields ? strlen(fields) : 0;
    if (len && len <= FIELDS_MAX)
        event_put(event, fields, len);
}

/* --- events of a job --- */

static void write_accepted(struct event_writer *event, const struct kept_event *e)
{
    if (e->joined)
        event_bool(event, "joined", true);
}

static void write_master_fields(struct event_writer *event, const struct kept_event *e)
{
    write_raw(event, e->fields);
}

static void write_retry(struct event_writer *event, const struct kept_event *e)
{
    event_uint(event, "attempt", e->attempt);
    event_word(event, "reason", e->reason);
    write_message(event, e->message);
    event_uint(event, "delay_ms", e->delay_ms);
}

/* A done job without its result helps nobody. */
static bool has_lost_result(const struct kept_event *e)
{
    const struct stored_job *stored = e->job->stored;
    return stored->outcome.is_done && stored->result.is_lost;
}

static void write_lost_result(struct event_writer *event)
{
    event_word(event, "reason", "error");
    write_message(event, "the job is done, but its result is gone from the store, or damaged");
}

static void write_ended(struct event_writer *event, const struct kept_event *e)
{
    const struct stored_job *stored = e->job->stored;
    if (has_lost_result(e))
        write_lost_result(event);
    if (!stored->outcome.is_done)
        event_word(event, "reason", stored->outcome.reason);
    write_raw(event, stored->outcome.fields);
    if (stored->run.attempt > 1)
        event_uint(event, "attempt", stored->run.attempt);
    if ((stored->outcome.is_done && !stored->result.is_lost) || e->job->result)
        event_uint(event, "size", e->job->result ? e->job->result->size : 0);
}

static const struct {
    const char *name;
    write_fields own;
} rows[] = {
    [KEPT_EVENT_ACCEPTED] = {"accepted", write_accepted},
    [KEPT_EVENT_STARTED] = {"started", write_master_fields},
    [KEPT_EVENT_PROGRESS] = {"progress", write_master_fields},
    [KEPT_EVENT_RETRY] = {"retry", write_retry},
    [KEPT_EVENT_ENDED] = {"done", write_ended},
};

static const char *name_of(const struct kept_event *e)
{
    bool has_failed =
        e->type == KEPT_EVENT_ENDED && (!e->job->stored->outcome.is_done || has_lost_result(e));
    return has_failed ? "failed" : rows[e->type].name;
}

/* A submit has its own context, a wait that of the job's first submit. */
static void write_context(struct event_writer *event, const struct queue_follower *follower,
                          const struct kept_event *e)
{
    const char *context = e->job->stored->wish.context;
    if (follower->kept.is_submit)
        event_json(event, "context", queue_follower_context(follower), follower->context_len);
    else if (context)
        event_json(event, "context", context, strlen(context));
}

/* A context comes back with the last event. */
static bool has_context(const struct queue_follower *follower, const struct kept_event *e)
{
    return e->type == KEPT_EVENT_ENDED ||
           (e->type == KEPT_EVENT_ACCEPTED && follower->kept.is_detached);
}

static void write_of_job(const struct queue_follower *follower, const struct kept_event *e)
{
    struct event_writer event;
    begin(&event, follower, name_of(e));
    job_name_write(&event, kept_seq(e->job));
    rows[e->type].own(&event, e);
    if (has_context(follower, e))
        write_context(&event, follower, e);
    event_end(&event);
    if (e->type == KEPT_EVENT_ENDED && e->job->result && e->job->result->size)
        conn_write_payload(conn_of(follower), e->job->result);
}

/* --- submits without a job --- */

static void write_overload(const struct queue_follower *follower, const char *reason)
{
    const struct keep_counts *counts = keep_counts(queue_session_keep(follower->session));
    struct event_writer event;
    begin(&event, follower, "overload");
    event_word(&event, "reason", reason);
    event_uint(&event, "queued", counts->waiting + counts->delayed);
    event_uint(&event, "running", counts->running);
    event_uint(&event, "retry_after_ms", RETRY_AFTER_MS);
    event_json(&event, "context", queue_follower_context(follower), follower->context_len);
    event_end(&event);
}

static void begin_error(struct event_writer *event, const struct queue_follower *follower,
                        const char *code, const char *message)
{
    event_begin(event, conn_of(follower), "error");
    event_word(event, "op", follower->wait ? "wait" : "submit");
    event_json(event, "id", queue_follower_id(follower), follower->id_len);
    event_word(event, "code", code);
    write_message(event, message);
    event_json(event, "context", queue_follower_context(follower), follower->context_len);
}

static void write_conflict(const struct queue_follower *follower, uint64_t other)
{
    struct event_writer event;
    begin_error(&event, follower, "key-conflict", "another job has this key, with another payload");
    job_name_write(&event, other);
    event_end(&event);
}

static void write_unconfirmed(const struct queue_follower *follower, uint64_t job)
{
    struct event_writer event;
    begin_error(&event, follower, "unconfirmed",
                "the store has not confirmed the job in time: it may be kept, or not");
    if (job)
        job_name_write(&event, job);
    event_end(&event);
}

static void write_refused(const struct queue_follower *follower, const struct kept_event *e)
{
    static const char *const reasons[] = {
        [KEPT_QUEUE_FULL] = "queue-full",
        [KEPT_CLIENT_QUOTA] = "client-quota",
        [KEPT_STORAGE] = "storage",
    };
    if (e->refusal == KEPT_KEY_CONFLICT)
        write_conflict(follower, e->other);
    else if (e->refusal == KEPT_UNCONFIRMED)
        write_unconfirmed(follower, e->other);
    else
        write_overload(follower, reasons[e->refusal]);
}

/* --- all of them --- */

/* Another report follows. */
static bool is_dropped(const struct queue_follower *follower, const struct kept_event *e)
{
    return e->type == KEPT_EVENT_PROGRESS && conn_of(follower)->output_len > PROGRESS_OUTPUT_MAX;
}

void queue_replies_tell(const struct queue_follower *follower, const struct kept_event *e)
{
    if (!conn_is_open(conn_of(follower)) || is_dropped(follower, e))
        return;
    if (e->type == KEPT_EVENT_REFUSED)
        write_refused(follower, e);
    else
        write_of_job(follower, e);
}

void queue_replies_withdrawn(const struct queue_follower *follower, uint64_t seq, const char *by)
{
    struct event_writer event;
    if (!conn_is_open(conn_of(follower)))
        return;
    begin(&event, follower, "failed");
    job_name_write(&event, seq);
    event_word(&event, "reason", "cancelled");
    write_message(&event, "the submit has ended; others have joined its job, and it goes on");
    write_raw(&event, by);
    event_json(&event, "context", queue_follower_context(follower), follower->context_len);
    event_end(&event);
}

void queue_replies_no_memory(const struct queue_follower *follower)
{
    if (conn_is_open(conn_of(follower)))
        write_overload(follower, "memory");
}

void queue_replies_error(const struct queue_follower *follower, const char *code,
                         const char *message)
{
    struct event_writer event;
    if (!conn_is_open(conn_of(follower)))
        return;
    begin_error(&event, follower, code, message);
    event_end(&event);
}
