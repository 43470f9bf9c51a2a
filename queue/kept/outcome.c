/*
 * kept_outcome: what comes back from the master decides: an outcome, another try, or back to the
 * place among the waiting ones.
 *
 * A job fails as poison when it has crashed its workers, or was lost with its master, too often:
 * whatever its wishes are, it must not take down one worker after the other.
 */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_DECAY = 8, CODE_MAX = 96 };

/* --- back to the place --- */

static void give_back(struct kept *job, bool begun)
{
    if (job->stored->run.is_cancelled)
        kept_end_cancelled(job, job->stop_by);
    else
        kept_back(job, begun);
}

/* One more crash, or loss of the master. True: the job has ended by it. */
static bool is_poison(struct kept *job)
{
    uint32_t limit = job->keep->settings.poison_limit;
    char message[CODE_MAX];
    if (++job->stored->run.losses < limit)
        return false;
    snprintf(message, sizeof message, "the job's worker or master was lost %u times while it ran",
             job->stored->run.losses);
    kept_end_failed_here(job, "poison", message, NULL);
    return true;
}

void kept_outcome_lost(struct kept *job, bool begun)
{
    if (!job->is_late)
        kept_set_place(job, KEPT_NOWHERE);
    kept_room_release(job);
    if (job->stored->run.is_cancelled)
        kept_end_cancelled(job, job->stop_by);
    else if (!begun || !is_poison(job))
        kept_back(job, begun);
}

/* --- ends --- */

/* A refusal tells nothing of the module's work. */
static bool has_worked(const struct kept_end *end)
{
    return end->type == KEPT_END_DONE ||
           (end->type == KEPT_END_FAILED && strcmp(end->reason, "unavailable") != 0 &&
            strcmp(end->reason, "unknown-module") != 0);
}

static void learn_run_time(struct kept *job, const struct kept_end *end)
{
    struct kept_module *module = job->module;
    uint64_t run_us = end->run_us;
    if (!has_worked(end))
        return;
    if (!run_us && job->state == KEPT_RUNNING)
        run_us = kept_now_us(job->keep) - job->started_us;
    else if (!run_us)
        return;
    if (module->run_us)
        run_us = (module->run_us * (RUN_DECAY - 1) + run_us) / RUN_DECAY;
    module->run_us = run_us ? run_us : 1;
}

/* The asker's name in the place of ours. The master knows the queue alone as the asker. */
static char *fields_with_asker(const struct kept *job, const char *fields)
{
    static const char ours[] = ",\"by\":\"submitter\"";
    const char *at = strstr(fields, ours);
    if (!at || !job->stop_by)
        return xstrdup(fields);
    return xasprintf("%.*s%s%s", (int)(at - fields), fields, job->stop_by, at + sizeof ours - 1);
}

/* A failed job may have a result: the module's words, or the facts of a crash. */
static void end_as_told(struct kept *job, const struct kept_end *end)
{
    struct payload *result = end->result ? payload_ref(end->result) : NULL;
    char *fields;
    if (strcmp(end->reason, "cancelled") != 0) {
        kept_end_failed(job, end->reason, end->fields, result);
        return;
    }
    fields = fields_with_asker(job, end->fields);
    kept_end_failed(job, end->reason, fields, result);
    free(fields);
}

static void retry_or_end(struct kept *job, const struct kept_end *end)
{
    if (!kept_retry_try(job, end))
        end_as_told(job, end);
}

static void on_module(struct kept *job, const struct kept_end *end)
{
    kept_hold_success(job->module);
    retry_or_end(job, end);
}

static void on_error(struct kept *job, const struct kept_end *end)
{
    if (!end->is_crash || job->stored->run.is_cancelled || !is_poison(job))
        retry_or_end(job, end);
}

static void on_shutdown(struct kept *job, const struct kept_end *end)
{
    job->keep->master.is_drained = true;
    give_back(job, end->has_order);
}

static void on_unavailable(struct kept *job, const struct kept_end *end)
{
    if (kept_hold_unavailable(job->module, end))
        give_back(job, end->has_order);
    else
        end_as_told(job, end);
}

static void on_failed(struct kept *job, const struct kept_end *end)
{
    static const struct {
        const char *reason;
        void (*call)(struct kept *job, const struct kept_end *end);
    } reasons[] = {
        {"module", on_module},
        {"error", on_error},
        {"shutdown", on_shutdown},
        {"unavailable", on_unavailable},
        {"unknown-module", on_unavailable},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(end->reason, reasons[i].reason) == 0) {
            reasons[i].call(job, end);
            return;
        }
    retry_or_end(job, end);
}

/* The master has refused the submit itself: the fields have the error's code. Rights that our token
 * has lost are no fault of the job. */
static void on_refusal(struct kept *job, const struct kept_end *end)
{
    if (strcmp(end->reason, "denied") == 0 && kept_hold_unavailable(job->module, end))
        give_back(job, false);
    else if (!kept_retry_try(job, end))
        kept_end_failed(job, "error", end->fields, NULL);
}

static void on_overload(struct kept *job, const struct kept_end *end)
{
    job->keep->counts.overloads++;
    job->module->counts.overloads++;
    kept_hold_overload(job->module, end->retry_after_ms);
    give_back(job, false);
}

static void on_done(struct kept *job, const struct kept_end *end)
{
    kept_hold_success(job->module);
    kept_room_learn(job->module, end->result ? end->result->size : 0);
    kept_end_done(job, end->fields, end->result);
}

/* The run was stopped as the lease was ending. */
static bool is_stopped_by_lease(const struct kept *job, const struct kept_end *end)
{
    return job->is_expiring && !job->stored->run.is_cancelled && end->type == KEPT_END_FAILED &&
           strcmp(end->reason, "cancelled") == 0;
}

/* The master had no worker for it in time; the time is not the job's own limit. */
static bool is_not_begun_soon(const struct kept *job, const struct kept_end *end)
{
    uint64_t expires_ms = job->stored->run.expires_ms;
    return job->is_hurried && !end->has_order && end->type == KEPT_END_FAILED &&
           strcmp(end->reason, "expired") == 0 &&
           (!expires_ms || kept_wall_ms(job->keep) < expires_ms);
}

static void give_to_others(struct kept *job)
{
    kept_hold_busy(job->module);
    give_back(job, false);
}

static void decide(struct kept *job, const struct kept_end *end)
{
    static void (*const calls[])(struct kept * job, const struct kept_end *end) = {
        [KEPT_END_DONE] = on_done,
        [KEPT_END_FAILED] = on_failed,
        [KEPT_END_OVERLOAD] = on_overload,
        [KEPT_END_ERROR] = on_refusal,
    };
    kept_room_release(job);
    learn_run_time(job, end);
    if (end->has_order || end->type == KEPT_END_DONE)
        kept_hold_worker_is_free(job->module);
    if (is_stopped_by_lease(job, end))
        give_back(job, end->has_order);
    else if (is_not_begun_soon(job, end))
        give_to_others(job);
    else
        calls[end->type](job, end);
    if (end->type != KEPT_END_DONE)
        payload_unref(end->result);
}

/* Whoever stopped the run because of the lease has no outcome to speak of. */
static void drop(struct kept *job, const struct kept_end *end)
{
    bool is_stopped = end->type == KEPT_END_FAILED && strcmp(end->reason, "cancelled") == 0;
    bool is_outcome = end->type == KEPT_END_DONE || end->type == KEPT_END_FAILED;
    if (is_outcome && !is_stopped)
        kept_lease_tell_late(job, job->late_attempt);
    payload_unref(end->result);
}

/* A job that came back to this node meanwhile goes to the master now. */
void kept_outcome_late_is_over(struct kept *job)
{
    job->is_late = false;
    kept_set_place(job, KEPT_NOWHERE);
    kept_touch(job);
    if (job->state == KEPT_HANDED && !job->is_writing)
        kept_hand_claimed(job);
}

void kept_outcome_end(struct kept *job, const struct kept_end *end)
{
    if (job->is_late) {
        drop(job, end);
        kept_outcome_late_is_over(job);
        return;
    }
    kept_set_place(job, KEPT_NOWHERE);
    if (job->is_writing)
        kept_late_end(job, end);
    else
        decide(job, end);
}

/* The job was lost during an operation. */
static void drop_late(struct kept *job, const struct kept_late *late)
{
    job->late_attempt = job->stored->run.attempt;
    if (late->has_end)
        drop(job, &late->end);
}

void kept_outcome_expired(struct kept *job)
{
    static const struct kept_end end = {
        .type = KEPT_END_FAILED,
        .reason = "expired",
        .message = "the job had not begun within its max_wait_ms",
        .delay_ms = -1,
    };
    if (!kept_retry_try(job, &end))
        kept_end_failed_here(job, end.reason, end.message, NULL);
}

void kept_outcome_late(struct kept *job)
{
    struct kept_late *late = job->late;
    job->late = NULL;
    if (kept_is_shared(job->keep) && !kept_is_held(job))
        drop_late(job, late);
    else if (late->has_end)
        decide(job, &late->end);
    else
        kept_outcome_lost(job, late->begun);
    kept_late_free(late);
}
