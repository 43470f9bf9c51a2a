/*
 * kept_internal: the functions of the files of queue/kept for each other. What they share in memory
 * is in kept_state.h.
 *
 * A function's name is kept_, the first word of its file, and a verb: kept_window_add() is in
 * window.c. Each file calls only the files below it in this list:
 *
 *     keep       made, freed and turned; the public calls, the timers
 *     news       what a shared store tells of other nodes
 *     master     what the connection to the master tells
 *     follower   the public calls of followers
 *     views      what is shown of all jobs
 *     schedule   the pass at the end of each public call
 *     recover    jobs of the store's HANDED state at the start
 *     ack        outcomes that were told
 *     sweep      outcomes that are over
 *     ripe       delayed jobs that are due, and jobs that have waited too long
 *     adopt      jobs of dead nodes
 *     claim      the next jobs of a module, handed to this node by a shared store
 *     held       jobs that a shared store hands to this node
 *     ask        requests about one job
 *     submit     a new job
 *     join       or one more submit of another job
 *     pause      modules that are handed nothing at somebody's wish
 *     outcome    what comes back from the master
 *     take       the next jobs of a module, read from the store
 *     hand       a job goes to the master
 *     retry      a failed run is tried again
 *     back       a job is waiting again
 *     end        a job ends
 *     lease      this node's lease ends, or is lost
 *     others     followers at other nodes hear of events
 *     bodies     inputs and results, read for those who wait for them
 *     elsewhere  copies of jobs that the shared store has, or another node
 *     due        when the next ones are due
 *     hold       modules that are handed nothing for a time
 *     room       the store's room for results
 *     full       the queue or the store is full
 *     tell       followers hear of events
 *     totals     counts and pauses, as the store tells them
 *     window     the next jobs of a module in memory
 *     write      one operation of a job at a time
 *     record     records in memory: found, made, counted, freed
 *     late       what comes while a job is being written
 *     owner      jobs of an owner
 *     module     jobs of a module
 *     era        the two clocks
 *
 * The files below schedule only change the state, and touch jobs and modules for the next pass to
 * look at. Those of a store that many nodes share are in shared_internal.h.
 */
#ifndef TASKMASTER_QUEUE_KEPT_KEPT_INTERNAL_H
#define TASKMASTER_QUEUE_KEPT_KEPT_INTERNAL_H

#include "queue/kept/kept_state.h"
#include "queue/kept/shared_internal.h"

/* --- era.c: the two clocks --- */

void kept_era_init(struct keep *keep);

/* Looks at the clocks. After a jump a new era begins: true, with the jump. */
bool kept_era_look(struct keep *keep, int64_t *jump_ms);

/* The era of a number, and the time by its clock: the wall clock has reached a time of this era
 * only when the monotonic clock has, too. */
struct kept_era *kept_era_of(struct keep *keep, uint64_t seq);
uint64_t kept_era_now(const struct keep *keep, const struct kept_era *era);
uint64_t kept_era_until(const struct keep *keep, const struct kept_era *era);

/* --- module.c, owner.c --- */

struct kept_module *kept_module_get(struct keep *keep, const char *name);
struct kept_module *kept_module_find(const struct keep *keep, const char *name);
void kept_module_touch_all(struct keep *keep);

/* Frees a module that is worth no memory. */
void kept_module_reap(struct kept_module *module);
void kept_module_free(struct kept_module *module);

uint64_t kept_owner_jobs(const struct keep *keep, const char *name);
void kept_owner_add(struct keep *keep, const char *name, int64_t jobs);
void kept_owner_free_all(struct keep *keep);

/* --- record.c: records in memory --- */

/* A record of a job that is new, or was read. It owns `stored`. */
struct kept *kept_record_new(struct keep *keep, struct stored_job *stored);
struct kept *kept_record_read(struct keep *keep, struct stored_job *stored);
struct kept *kept_record_find(const struct keep *keep, uint64_t seq);
void kept_record_each(struct keep *keep, void (*call)(struct kept *job));

/* Makes payloads of bodies that were read. */
void kept_record_take_bodies(struct kept *job, struct stored_job *from);

/* The store has it, and memory has not. */
bool kept_record_lacks_input(const struct kept *job);
bool kept_record_lacks_result(const struct kept *job);

/* The input is not needed soon; the store has it. A job that is being written keeps it. */
void kept_record_drop_input(struct kept *job);

void kept_set_state(struct kept *job, enum kept_state state);
void kept_set_place(struct kept *job, enum kept_place place);

/* The store has changed the state of a job without a record. */
void kept_record_count(struct keep *keep, const struct stored_job *stored, enum kept_state from,
                       enum kept_state to);
bool kept_record_is_idle(const struct kept *job);
void kept_record_free(struct kept *job);

/* Whatever is in progress: the engine is closed. */
void kept_record_free_all(struct keep *keep);

/* --- write.c: operations of the store --- */

typedef void (*kept_finish)(struct keep_op *op);

struct keep_op *kept_write_new(struct keep *keep, enum store_kind kind, kept_finish finish);
void kept_write_post(struct keep_op *op);

/* Once more: a shared store could not do it. */
void kept_write_post_again(struct keep_op *op);

/* The keep ends: the store will not do them. */
void kept_write_end_refused(struct keep *keep);

/* Of the job. `finish` may be NULL: then nothing can fail. */
struct keep_op *kept_write_job(struct kept *job, enum store_kind kind, kept_finish finish);

/* Reads for the job: `seq` is its own number, or of another job. The caller says which bodies. */
struct keep_op *kept_write_load(struct kept *job, uint64_t seq, kept_finish finish);

/* --- window.c: the next jobs of a module --- */

/* A waiting job stands in the window if it belongs there, and is left to the store otherwise. */
void kept_window_put(struct kept *job);
void kept_window_add(struct kept *job);
void kept_window_remove(struct kept *job);

/* Its place, wherever that is. */
void kept_window_leave(struct kept *job);

/* The store has a waiting job there, and memory has not. */
void kept_window_miss(struct kept_module *module, struct kept_spot spot);

/* All waiting jobs up to the spot are in memory; NULL: all. */
void kept_window_raise(struct kept_module *module, const struct kept_spot *reach);

/* How many jobs more the window is to have now, and how many bytes of inputs. */
struct kept_window_room {
    size_t jobs;
    uint64_t bytes;
};
struct kept_window_room kept_window_wants(const struct kept_module *module);

/* The next job to be handed on; NULL: there is none, or it is not in memory. */
struct kept *kept_window_first(const struct kept_module *module);

/* --- tell.c: followers hear of events --- */

void kept_tell_observer(struct kept *job, const struct kept_event *event);

/* Those that want to. */
void kept_tell(struct kept *job, enum kept_wants wants, struct kept_event *event);

/* Likewise, but not the observer. */
void kept_tell_followers(struct kept *job, enum kept_wants wants, struct kept_event *event);

/* The follower leaves before it is told. */
void kept_tell_last(struct kept_follower *follower, const struct kept_event *event);

/* A submit is stored; a detached one leaves. */
void kept_tell_accepted(struct kept *job, struct kept_follower *follower, bool joined);

/* All, if the end is known and written, and the result is in memory. */
void kept_tell_ended(struct kept *job);
void kept_tell_join(struct kept *job, struct kept_follower *follower);
void kept_tell_leave(struct kept_follower *follower);

void kept_tell_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job);

/* Answers all asks that waited for the operation. */
void kept_tell_answers(struct kept *job, enum kept_answer answer);

/* --- full.c: the log tells of it --- */

void kept_full_init(struct keep *keep);
void kept_full_clear(struct keep *keep);

/* Whether job-max is reached, and whether the store has no room for a new job. */
bool kept_full_queue(struct keep *keep);
bool kept_full_store(struct keep *keep);

/* It had none for one job. */
void kept_full_note_store(struct keep *keep);
/* The outcome went before they were told. */
void kept_tell_gone(struct kept *job);

/* --- bodies.c --- */

/* The job lacks one of them, and is not being written: it is read when its turn comes. Then the
 * next pass looks at the job. */
void kept_bodies_want(struct kept *job);
void kept_bodies_forget(struct kept *job);

/* The next one in line has its turn: the pass looks at it. False: there is none. */
bool kept_bodies_next(struct keep *keep);

/* --- room.c, hold.c --- */

/* The store has room for what is on its way, and for a result of the module. */
bool kept_room_fits(struct kept_module *module);
void kept_room_expect(struct kept *job);

/* How many more such results. */
uint64_t kept_room_most(const struct kept_module *module);

/* Nothing of the job is on its way any more. */
void kept_room_release(struct kept *job);

/* A result of this size has come. */
void kept_room_learn(struct kept_module *module, uint64_t size);

/* The result of the ended job is being written, and is now. */
void kept_room_keep(struct kept *job);
void kept_room_written(struct kept *job);

void kept_hold_overload(struct kept_module *module, uint64_t retry_after_ms);

/* The master could not begin a job soon: other nodes may. Until a worker is free, or for a while.
 */
void kept_hold_busy(struct kept_module *module);
void kept_hold_worker_is_free(struct kept_module *module);

/* The module is not to be had. False: for so long that its jobs end. */
bool kept_hold_unavailable(struct kept_module *module, const struct kept_end *end);
void kept_hold_admitted(struct kept_module *module);

/* Jobs that the master may have and not have begun, while the module is tried. */
uint64_t kept_hold_most(const struct kept_module *module);

void kept_hold_success(struct kept_module *module);

/* Another master may have the module: one job tries at once. */
void kept_hold_forget(struct kept_module *module);

/* There is no trouble, or no job has tried again for a while: none waits. */
bool kept_hold_is_past(const struct kept_module *module);

/* --- late.c: what comes while a job is being written --- */

struct kept_late {
    bool has_end; /* otherwise the connection to the master has ended; */
    bool begun;   /* the job had begun */
    struct kept_end end;
    char *texts;
};

void kept_late_end(struct kept *job, const struct kept_end *end);
void kept_late_lost(struct kept *job, bool begun);
void kept_late_free(struct kept_late *late);

/* --- end.c, back.c, retry.c --- */

/* The job ends. The result is taken over. Told once it is written. */
void kept_end_done(struct kept *job, const char *fields, struct payload *result);
void kept_end_failed(struct kept *job, const char *reason, const char *fields,
                     struct payload *result);

/* Likewise, with a message of our own, and JSON text of `more` fields or NULL. */
void kept_end_failed_here(struct kept *job, const char *reason, const char *message,
                          const char *more);
void kept_end_cancelled(struct kept *job, const char *by);

/* The job is waiting again, at its place. `begun`: the attempt counts. */
void kept_back(struct kept *job, bool begun);

/* Likewise, or delayed if there is a `due_ms`. */
struct keep_op *kept_back_to(struct kept *job, uint64_t due_ms, kept_finish finish);

/* Whether it was: `finish` asks for it. */
bool kept_back_is_written(struct keep_op *op);

/* The run that has failed is tried again, if the job's wishes allow it. */
bool kept_retry_try(struct kept *job, const struct kept_end *end);

/* --- hand.c, take.c --- */

bool kept_hand_is_ready(const struct keep *keep);
bool kept_hand_may(const struct kept_module *module);

/* The master may have one more job of the module. */
bool kept_hand_has_place(struct kept_module *module);

/* How many more. */
size_t kept_hand_places(const struct kept_module *module);

/* The shared store has handed the job to this node. */
void kept_hand_claimed(struct kept *job);

/* The job is about to be written as handed on. */
void kept_hand_prepare(struct kept *job);

/* The store knows that the job is handed on: the master gets it. */
void kept_hand_written(struct kept *job);

/* Hands on as many jobs as the master is to have. */
void kept_hand_serve(struct kept_module *module);

/* Reads the next jobs of the window. */
void kept_take_look(struct kept_module *module);

/* --- outcome.c --- */

void kept_outcome_end(struct kept *job, const struct kept_end *end);
void kept_outcome_lost(struct kept *job, bool begun);
void kept_outcome_late(struct kept *job);

/* The master has ended a run that was lost. */
void kept_outcome_late_is_over(struct kept *job);

/* It has waited too long. */
void kept_outcome_expired(struct kept *job);

/* --- submit.c, join.c, ask.c --- */

enum kept_refusal kept_submit_admits(struct keep *keep, const char *owner);
void kept_submit_new(struct keep *keep, struct stored_job *stored, struct payload *input,
                     struct kept_follower *follower);
void kept_submit_tell_refused(struct kept *job);

/* The new job is none: its submit follows the other one. */
void kept_join(struct kept *job, struct kept *other);

void kept_ask_start(struct keep *keep, struct kept_ask *ask);
void kept_ask_look(struct kept *job);

/* An ask that nobody waits for. */
struct kept_ask *kept_ask_stop(struct keep *keep, uint64_t seq, enum kept_ask_kind kind,
                               const char *by);

/* --- due.c, ripe.c, sweep.c, recover.c --- */

/* The job is delayed, or may wait for a limited time. */
void kept_due_note(struct kept *job);
void kept_due_tell(struct keep *keep, uint64_t ripe_ms, uint64_t expires_ms);
void kept_due_set_timer(struct keep *keep, const struct kept_era *era, uint64_t next_ms);

/* Asks the store for the jobs whose times have come. */
void kept_ripe_look(struct keep *keep);

void kept_sweep_note(struct keep *keep, uint64_t over_ms);
void kept_sweep_look(struct keep *keep);

/* Looks at the clocks, as everything does that reads or sets times of the store. */
void kept_sweep_clock(struct keep *keep);

void kept_recover_start(struct keep *keep);

/* --- ack.c: outcomes that were told --- */

/* Notes of them go to the store. */
void kept_ack_post(struct keep *keep);
void kept_ack_free(struct keep *keep);

/* --- schedule.c --- */

void kept_schedule(struct keep *keep);

#endif
