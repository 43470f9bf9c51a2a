/* kept_end: the end of a job: its outcome is written, and then told. */
#include "queue/kept/kept_internal.h"

#include <stdio.h>
#include <string.h>

enum { FIELDS_MAX = 1024 }; /* of an end that is decided here */

static void count(struct keep_counts *counts, const struct stored_outcome *outcome)
{
    if (outcome->is_done)
        counts->done++;
    else if (strcmp(outcome->reason, "cancelled") == 0)
        counts->cancelled++;
    else if (strcmp(outcome->reason, "poison") == 0)
        counts->poisoned++;
    else
        counts->failed++;
}

/* Answers come first: the asker of a cancel has its ok before the end. */
static void written(struct keep_op *op)
{
    struct kept *job = op->job;
    kept_room_written(job);
    if (op->op.status != STORE_OK) {
        kept_lease_refused(op);
        return;
    }
    count(&op->keep->counts, &job->stored->outcome);
    count(&job->module->counts, &job->stored->outcome);
    kept_sweep_note(op->keep, job->stored->outcome.over_ms);
    kept_tell_answers(job, KEPT_ANSWER_OK);
    kept_tell_observer(job, &(struct kept_event){.type = KEPT_EVENT_ENDED, .job = job});
    kept_tell_ended(job);
}

static uint64_t ttl_ms(const struct kept *job, bool is_done)
{
    const struct keep_settings *settings = &job->keep->settings;
    if (job->stored->wish.ttl_ms)
        return job->stored->wish.ttl_ms;
    return is_done ? settings->result_ttl_ms : settings->failed_ttl_ms;
}

static void set_result(struct kept *job, struct payload *result)
{
    job->result = result;
    job->stored->result.payload = result;
    job->stored->result.size = result ? result->size : 0;
    job->stored->result.is_lost = false;
}

/* From where the job is to its end. */
static void leave(struct kept *job)
{
    kept_window_leave(job);
    kept_set_state(job, KEPT_ENDED);
    kept_record_drop_input(job);
}

static void end(struct kept *job, struct stored_outcome *outcome, struct payload *result)
{
    bool is_held = kept_is_held(job);
    outcome->ended_ms = kept_wall_ms(job->keep);
    outcome->over_ms =
        outcome->ended_ms + kept_lifetime_ms(job->keep, ttl_ms(job, outcome->is_done));
    leave(job);
    stored_job_set_outcome(job->stored, outcome);
    job->stored->run.state = STORED_ENDED;
    set_result(job, result);
    kept_room_keep(job);
    kept_write_job(job, STORE_ENDED, written)->op.is_held = is_held;
}

void kept_end_done(struct kept *job, const char *fields, struct payload *result)
{
    end(job, &(struct stored_outcome){.is_done = true, .fields = fields}, result);
}

void kept_end_failed(struct kept *job, const char *reason, const char *fields,
                     struct payload *result)
{
    end(job, &(struct stored_outcome){.reason = reason, .fields = fields}, result);
}

void kept_end_failed_here(struct kept *job, const char *reason, const char *message,
                          const char *more)
{
    char fields[FIELDS_MAX];
    int n = snprintf(fields, sizeof fields, ",\"message\":\"%s\"%s", message, more ? more : "");
    bug_on(n < 0 || (size_t)n >= sizeof fields);
    kept_end_failed(job, reason, fields, NULL);
}

void kept_end_cancelled(struct kept *job, const char *by)
{
    kept_end_failed_here(job, "cancelled", "the job was cancelled", by);
}
