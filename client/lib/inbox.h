/*
 * inbox: decides the receiver of each event: the call awaiting it, the queue for tm_client_next(),
 * or nobody. Above event, event_kind and jobs; below connection. It does no input or output.
 *
 * The queue stays in proportion to the jobs in flight: it takes each event of a job once, and a
 * fixed number of errors without a job. Only the events a job asked for, such as the pieces of its
 * result, and the news of a listening client have no bound but the pace of its reading.
 *
 * A server about to end refuses what has not begun. Where the submit is kept, its refusal is kept
 * back: the submit may be sent to the next server (renewal.h).
 */
#ifndef TASKMASTER_CLIENT_LIB_INBOX_H
#define TASKMASTER_CLIENT_LIB_INBOX_H

#include "event.h"
#include "failure.h"
#include "jobs.h"

enum tmc_awaits {
    TMC_AWAITS_NOTHING,
    TMC_AWAITS_HELLO,
    TMC_AWAITS_ID,
};

struct tmc_inbox {
    struct tmc_jobs jobs;          /* in flight */
    struct tmc_event_queue events; /* owned; for tm_client_next(), in order of arrival */
    size_t unclaimed;              /* queued errors without a job */
    bool listens;                  /* takes events of no request */
    enum tmc_awaits awaits;        /* the answer awaited by a call; other answers come too late */
    uint64_t awaited_id;
    struct tmc_event *answer;      /* owned; NULL: not there yet */
    struct tmc_failure last_words; /* the server's fatal error; no text: none */

    bool holds;     /* keeps back the refusals of a server about to end */
    size_t refused; /* jobs in flight with such a refusal */
};

void tmc_inbox_init(struct tmc_inbox *inbox);

/* Frees the events and forgets the jobs. tmc_inbox_init() makes the inbox usable again. */
void tmc_inbox_free(struct tmc_inbox *inbox);

/* Keeps the next answer to a hello, or to the request `id`, for tmc_inbox_take_answer(). */
void tmc_inbox_await(struct tmc_inbox *inbox, enum tmc_awaits awaits, uint64_t id);

/* Returns the answer, now the caller's, or NULL. Awaits nothing any more. */
struct tmc_event *tmc_inbox_take_answer(struct tmc_inbox *inbox);

/* Takes the answer to a hello for the caller of tm_client_next(). */
void tmc_inbox_put_hello(struct tmc_inbox *inbox, struct tmc_event *hello);

/* Takes the event. */
void tmc_inbox_put(struct tmc_inbox *inbox, struct tmc_event *event);

/* Gives the refusals kept back to the caller of tm_client_next(). */
void tmc_inbox_release(struct tmc_inbox *inbox);

/* Drops the refusals kept back: the submits are sent again. */
void tmc_inbox_forget_refusals(struct tmc_inbox *inbox);

/* Returns the first queued event of the job `id`, or of any job if `id` is 0. NULL: none. */
struct tmc_event *tmc_inbox_find(const struct tmc_inbox *inbox, uint64_t id);

/* Takes an event out of the queue; now the caller's. */
void tmc_inbox_take(struct tmc_inbox *inbox, struct tmc_event *event);

/* Returns true if the job `id`, or any job if `id` is 0, can send an event. */
bool tmc_inbox_expects(const struct tmc_inbox *inbox, uint64_t id);

#endif
