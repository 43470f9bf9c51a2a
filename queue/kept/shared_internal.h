/*
 * shared_internal: the functions of the files for a store that many nodes share. kept_internal.h
 * has their places among all files, and includes this one.
 */
#ifndef TASKMASTER_QUEUE_KEPT_SHARED_INTERNAL_H
#define TASKMASTER_QUEUE_KEPT_SHARED_INTERNAL_H

#include "queue/kept/kept_state.h"

/* --- totals.c --- */

void kept_totals_count(struct keep *keep);
void kept_totals_pause(struct keep *keep);

/* --- elsewhere.c: copies of jobs that the shared store has, or another node --- */

/* What followers here want to hear from the store: bits of enum store_wants. 0: nothing, or the
 * store is this node's own. */
unsigned kept_elsewhere_wants(const struct kept *job);
unsigned kept_elsewhere_wants_of(const struct kept_follower *follower);

/* The job is as it was read, which is taken over: all of it; or as far as the record does not know
 * better. */
void kept_elsewhere_replace(struct kept *job, struct stored_job *read);
void kept_elsewhere_take(struct kept *job, struct stored_job *read);

/* Likewise, of any store: those of one that is not shared are behind the record. */
void kept_elsewhere_merge(struct kept *job, struct stored_job *read);

/* The operation has changed nothing: the job is not as it was. Asks that waited for it are
 * answered, or asked again. */
void kept_elsewhere_refused(struct keep_op *op);

/* It could not be read. Who asked is told so. */
void kept_elsewhere_away(struct kept *job);

/* This node holds the job no more. */
void kept_elsewhere_lose(struct kept *job);

/* The job is a copy, and is read for the ask first. */
bool kept_elsewhere_is_asked(struct kept *job, const struct kept_ask *ask);

/* Reads the copy if it is out of date, or if the store does not know that it is followed. */
void kept_elsewhere_look(struct kept *job);

/* The store knows what this node wants of the job, as the operation said. */
void kept_elsewhere_follow(struct kept *job, const struct keep_op *op);

/* No follower of this node counts any more; other nodes' are read. */
void kept_elsewhere_leave(struct kept *job);

void kept_elsewhere_changed(struct kept *job);

/* --- others.c: followers at other nodes hear of an event of a held job --- */

void kept_others_tell(struct kept *job, enum store_wants what, const char *fields);

/* --- lease.c --- */

size_t kept_lease_expiring(struct keep *keep, bool kill);
void kept_lease_lost(struct keep *keep);

/* The outcome of a run counts no more. */
void kept_lease_tell_late(struct kept *job, uint32_t attempt);

/* An operation of a job that was held was refused. */
void kept_lease_refused(struct keep_op *op);

/* --- held.c, claim.c, adopt.c: jobs that a shared store hands to this node --- */

/* Takes over the rows, and begins with each job: at once, or when the operation in progress has
 * ended. How many there were. */
size_t kept_held_take(struct keep_op *op);
void kept_held_begin(struct kept *job);

void kept_claim_look(struct kept_module *module);

/* Jobs of the module wait, or of any. */
void kept_claim_work(struct kept_module *module);
void kept_claim_work_all(struct keep *keep);

void kept_adopt_look(struct keep *keep);

/* What this node does not know to hold. */
void kept_adopt_forgotten(struct keep *keep);

/* --- news.c --- */

/* What a shared store could not do is asked of it again. */
void kept_news_try_again(struct keep *keep);

#endif
