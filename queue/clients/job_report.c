/* queue_job_report: see job_report.h. */
#include "queue/clients/job_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_or_null(struct json_writer *json, const char *key, bool given, uint64_t value)
{
    if (given)
        json_writer_uint(json, key, value);
    else
        json_writer_null(json, key);
}

static uint64_t ms_between(uint64_t from_ms, uint64_t to_ms)
{
    return to_ms > from_ms ? to_ms - from_ms : 0;
}

static void write_limit(struct json_writer *json, const char *key, uint64_t ms)
{
    write_or_null(json, key, ms, ms);
}

static void write_wish(struct json_writer *json, const struct stored_wish *wish)
{
    json_writer_text(json, "owner", *wish->owner ? wish->owner : NULL);
    json_writer_text(json, "key", wish->key);
    json_writer_bool(json, "detached", wish->is_detached);
    json_writer_uint(json, "priority", wish->priority);
    json_writer_uint(json, "retries", wish->retries);
    json_writer_begin(json, "limits", '{');
    write_limit(json, "timeout_ms", wish->timeout_ms);
    write_limit(json, "soft_timeout_ms", wish->soft_timeout_ms);
    write_limit(json, "max_wait_ms", wish->max_wait_ms);
    json_writer_end(json, '}');
}

static void write_run(struct json_writer *json, const struct stored_job *stored,
                      enum queue_state_word state, uint64_t now_ms)
{
    const struct stored_run *run = &stored->run;
    json_writer_uint(json, "attempt", run->attempt);
    json_writer_uint(json, "failures", run->failures);
    json_writer_uint(json, "losses", run->losses);
    json_writer_uint(json, "age_ms", ms_between(stored->wish.submitted_ms, now_ms));
    write_or_null(json, "delay_ms", state == STATE_DELAYED, ms_between(now_ms, run->due_ms));
    write_or_null(json, "expires_ms", state <= STATE_DELAYED && run->expires_ms,
                  ms_between(now_ms, run->expires_ms));
}

static void write_outcome(struct json_writer *json, const struct stored_job *stored,
                          uint64_t now_ms)
{
    const struct stored_outcome *outcome = &stored->outcome;
    json_writer_begin(json, "outcome", '{');
    json_writer_text(json, "reason", outcome->is_done ? NULL : outcome->reason);
    json_writer_uint(json, "age_ms", ms_between(outcome->ended_ms, now_ms));
    json_writer_uint(json, "kept_ms", ms_between(now_ms, outcome->over_ms));
    json_writer_uint(json, "size", stored->result.size);
    json_writer_end(json, '}');
}

void queue_job_report_write(struct json_writer *json, const struct stored_job *stored,
                            enum queue_state_word state, uint64_t now_ms)
{
    char name[32];
    snprintf(name, sizeof name, "q%" PRIu64, stored->seq);
    json_writer_begin(json, NULL, '{');
    json_writer_text(json, "job", name);
    json_writer_json(json, "id", stored->wish.id, strlen(stored->wish.id));
    json_writer_text(json, "module", stored->wish.module);
    json_writer_text(json, "state", queue_state_words[state]);
    write_run(json, stored, state, now_ms);
    write_wish(json, &stored->wish);
    json_writer_uint(json, "size", stored->input.size);
    if (state >= STATE_DONE)
        write_outcome(json, stored, now_ms);
    else
        json_writer_null(json, "outcome");
    json_writer_end(json, '}');
}

char *queue_job_report(const struct kept *job, uint64_t now_ms)
{
    struct json_writer json;
    json_writer_open(&json);
    queue_job_report_write(&json, job->stored, queue_state_of(job->state, job->stored), now_ms);
    return json_writer_close(&json);
}
