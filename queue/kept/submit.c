/*
 * kept_submit: a new job is stored, and its submit accepted; or it joins the job with its key.
 *
 * Is the window of the module empty, and has the master a place, the job is stored as handed on:
 * one write less.
 */
#include "queue/kept/kept_internal.h"

#include <stdlib.h>
#include <string.h>

static void put(struct kept *job);

enum kept_refusal kept_submit_admits(struct keep *keep, const char *owner)
{
    if (!kept_is_up(keep))
        return KEPT_STORAGE;
    if (kept_full_queue(keep))
        return KEPT_QUEUE_FULL;
    if (keep->settings.owner_job_max && !kept_is_shared(keep) &&
        kept_owner_jobs(keep, owner) >= keep->settings.owner_job_max)
        return KEPT_CLIENT_QUOTA;
    return kept_full_store(keep) ? KEPT_STORAGE : KEPT_FINE;
}

/* --- refused --- */

static void tell_refused(struct kept *job, enum kept_refusal refusal, uint64_t other)
{
    const struct kept_event event = {
        .type = KEPT_EVENT_REFUSED, .refusal = refusal, .other = other};
    struct kept_follower *follower = LIST_FIRST(&job->followers);
    job->keep->counts.refused++;
    job->module->counts.refused++;
    kept_set_state(job, KEPT_GONE);
    if (follower)
        kept_tell_last(follower, &event);
}

void kept_submit_tell_refused(struct kept *job)
{
    enum kept_refusal refusal = job->refusal;
    job->refusal = KEPT_FINE;
    tell_refused(job, refusal, 0);
}

/* --- joined --- */

/* The record of a job that was read; NULL: it is gone. */
static struct kept *record_of(struct keep_op *op)
{
    struct stored_job *read = op->op.job;
    struct kept *other = kept_record_find(op->keep, op->op.seq);
    if (!other && !read)
        return NULL;
    if (!other)
        other = kept_record_read(op->keep, read);
    else if (read)
        kept_elsewhere_merge(other, read);
    kept_elsewhere_follow(other, op);
    return other->state == KEPT_GONE || other->state == KEPT_NEW ? NULL : other;
}

/* The other job may have gone in between: then this one is new after all, if anybody wants it. */
static void other_read(struct keep_op *op)
{
    struct kept *job = op->job, *other = record_of(op);
    if (op->op.status == STORE_AWAY)
        tell_refused(job, KEPT_STORAGE, 0);
    else if (other)
        kept_join(job, other);
    else if (!LIST_EMPTY(&job->followers) || job->is_detached)
        put(job);
    else
        kept_set_state(job, KEPT_GONE);
}

static void read_other(struct kept *job, uint64_t seq)
{
    struct keep_op *op = kept_write_load(job, seq, other_read);
    op->op.with_result = op->op.only_small = true;
    op->op.wants = kept_elsewhere_wants(job);
}

/* --- stored --- */

static void accepted(struct kept *job)
{
    struct kept_follower *follower = LIST_FIRST(&job->followers);
    job->keep->counts.submitted++;
    job->module->counts.submitted++;
    kept_tell_observer(job, &(struct kept_event){.type = KEPT_EVENT_ACCEPTED, .job = job});
    if (follower)
        kept_tell_accepted(job, follower, false);
    kept_due_note(job);
    if (job->state == KEPT_HANDED)
        kept_hand_written(job);
    else if (job->place == KEPT_NOWHERE)
        kept_record_drop_input(job);
}

/* A shared store may have left a job waiting that this node wanted to have at once. */
static void note_where(struct kept *job, const struct keep_op *op)
{
    if (kept_is_held(job) && job->stored->run.state == STORED_WAITING) {
        kept_room_release(job);
        job->stored->run.attempt = 0;
        kept_set_state(job, KEPT_ELSEWHERE);
        kept_window_put(job);
    }
    if (job->state == KEPT_ELSEWHERE)
        kept_elsewhere_follow(job, op);
}

static void not_stored(struct kept *job)
{
    kept_window_leave(job);
    if (job->state == KEPT_HANDED)
        kept_room_release(job);
    job->stored->run.attempt = 0;
    kept_set_state(job, KEPT_NEW);
}

static void refuse_for_room(struct kept *job)
{
    kept_full_note_store(job->keep);
    tell_refused(job, KEPT_STORAGE, 0);
}

static void refuse_unconfirmed(struct kept *job)
{
    job->keep->counts.unconfirmed++;
    job->module->counts.unconfirmed++;
    tell_refused(job, KEPT_UNCONFIRMED, job->stored->seq);
}

static void refuse(struct kept *job, enum store_status status, uint64_t other)
{
    if (status == STORE_CONFLICT)
        tell_refused(job, KEPT_KEY_CONFLICT, other);
    else if (status == STORE_FULL)
        tell_refused(job, KEPT_QUEUE_FULL, 0);
    else if (status == STORE_QUOTA)
        tell_refused(job, KEPT_CLIENT_QUOTA, 0);
    else if (status == STORE_UNCONFIRMED)
        refuse_unconfirmed(job);
    else if (status == STORE_AWAY)
        tell_refused(job, KEPT_STORAGE, 0);
    else
        refuse_for_room(job);
}

static void written(struct keep_op *op)
{
    struct kept *job = op->job;
    if (op->op.status == STORE_OK) {
        note_where(job, op);
        accepted(job);
        return;
    }
    not_stored(job);
    if (op->op.status == STORE_JOINED)
        read_other(job, op->op.other);
    else
        refuse(job, op->op.status, op->op.other);
}

static bool may_go_at_once(const struct kept *job)
{
    const struct kept_window *window = &job->module->window;
    return window->is_whole && !window->count && !window->is_taking &&
           kept_hand_has_place(job->module) &&
           job->stored->input.size <= job->keep->master.payload_max;
}

static void wait(struct kept *job)
{
    job->stored->run.state = STORED_WAITING;
    kept_set_state(job, kept_unheld(job->keep, KEPT_WAITING));
}

static void delay(struct kept *job)
{
    job->stored->run.state = STORED_DELAYED;
    kept_set_state(job, kept_unheld(job->keep, KEPT_DELAYED));
}

/* A full window drops the input of its last job, which may be this one: so it is being written by
 * then, and keeps its input. */
static void put(struct kept *job)
{
    struct keep_op *op;
    if (job->stored->run.due_ms)
        delay(job);
    else if (may_go_at_once(job))
        kept_hand_prepare(job);
    else
        wait(job);
    op = kept_write_job(job, STORE_PUT, written);
    op->op.wants = kept_elsewhere_wants(job);
    op->op.job_max = job->keep->settings.job_max;
    op->op.owner_job_max = job->keep->settings.owner_job_max;
    if (job->stored->run.state == STORED_WAITING)
        kept_window_put(job);
}

/* From when the job is due. */
static void set_times(struct keep *keep, struct stored_job *stored)
{
    uint64_t now_ms = kept_wall_ms(keep);
    if (stored->run.due_ms <= now_ms)
        stored->run.due_ms = 0;
    if (stored->wish.max_wait_ms)
        stored->run.expires_ms =
            (stored->run.due_ms ? stored->run.due_ms : now_ms) + stored->wish.max_wait_ms;
}

/* 0: a shared store cannot be reached. */
static uint64_t next_seq(struct keep *keep)
{
    const struct engine_ops *ops = keep->parts.engine_ops;
    return ops->next_seq ? ops->next_seq(keep->parts.engine) : keep->next_seq++;
}

void kept_submit_new(struct keep *keep, struct stored_job *stored, struct payload *input,
                     struct kept_follower *follower)
{
    struct kept *job;
    uint64_t seq = next_seq(keep);
    stored->seq = seq ? seq : keep->next_seq++; /* of a refusal: small ones are of nobody */
    stored->input.payload = input;
    stored->input.size = input ? input->size : 0;
    set_times(keep, stored);
    job = kept_record_new(keep, stored);
    job->input = input;
    kept_tell_join(job, follower);
    kept_touch(job);
    job->refusal = (uint8_t)(seq ? kept_submit_admits(keep, stored->wish.owner) : KEPT_STORAGE);
    if (job->refusal == KEPT_FINE)
        put(job);
}
