/*
 * checker: judges a round by its history, its side file and the figures at its end, and by nothing
 * else.
 *
 * checker.c gathers the facts about every job, connection and master; check_jobs.c judges the jobs,
 * check_breaker.c the failures of crashing modules, check_order.c the order of assignment,
 * check_reports.c reports on progress, check_requests.c the operator's requests, check_selects.c
 * cancels of many jobs, check_services.c the ends of jobs for services, check_daemon.c the rest.
 * check_queue.c judges taskqueued and its jobs, apart from all these.
 */
#ifndef TORTURE_CHECKER_H
#define TORTURE_CHECKER_H

#include "finding.h"
#include "history.h"
#include "ledger.h"
#include "rest.h"
#include "side.h"

/* The facts about a job. */
struct known_job {
    uint64_t submit_us, first_us, started_us, end_us, cancel_us; /* 0: not */
    uint64_t order, number;  /* of assignment; in the server's name */
    const struct event *end; /* its first terminal event */
    uint8_t pool;            /* NO_POOL: not known for sure */
    uint32_t
        peak; /* greatest possible number of open jobs at a time between its submit and its end */
};

struct known_conn {
    uint64_t written, end_us;
    uint32_t last_told; /* the latest of its jobs with any event, plus 1 */
    uint8_t end;        /* enum conn_end, if it is over */
    bool over;
    bool shut; /* we had ended our side */
};

struct known_epoch {
    uint64_t start_us, end_us, drain_us; /* drain_us: when the harness told it to end; 0: never */
    uint8_t end;                         /* enum epoch_end, if it is over */
    bool over;
};

/* A deadly signal to a worker. */
struct known_kill {
    uint64_t t_us;
    int32_t pid;
};

struct known_settings {
    uint64_t t_us;
    const struct layout *layout;
};

enum { NO_POOL = 255 };

/* From the ok of a pause to the request to resume. */
struct known_pause {
    uint64_t from_us, to_us;
    uint8_t pool;
};

/* A cancel of all jobs of a module. */
struct known_select {
    uint64_t asked_us, done_us; /* done_us 0: no ok came */
    uint32_t conn;
    uint8_t module;
};

/* Of the operator. */
struct known_request {
    uint64_t t_us;
    uint32_t epoch;
    uint8_t ask, pool;
    bool answered;
};

struct check {
    const struct history *history;
    const struct side *side;
    const struct rest *rest;
    const struct plan *plan;
    struct findings *findings;
    uint64_t scale;
    uint64_t stuck_us; /* when the round was broken off; UINT64_MAX: never */
    struct known_job *jobs;
    struct known_conn *conns;   /* by number */
    struct known_epoch *epochs; /* by number */
    struct known_kill *kills;
    size_t kill_count;
    struct known_kill *stops; /* of workers, by SIGSTOP */
    size_t stop_count;
    struct known_pause *pauses;
    size_t pause_count;
    uint64_t resumed_us[PLAN_POOLS]; /* when the last request to resume was sent, or the like */
    struct known_request *requests;  /* by number */
    struct known_select *selects;
    size_t select_count;
    struct known_settings *settings;
    size_t settings_count;
    uint64_t *words; /* when a module refused in a worker that had begun no job before */
    size_t word_count;
    uint64_t *start_troubles; /* when something kept workers from starting */
    size_t start_trouble_count;
};

void checker_run(struct findings *findings, const struct history *history, const struct side *side,
                 const struct rest *rest, const struct plan *plan, uint64_t scale);

/* The queue's jobs; `whole`: the round came to its planned end. */
void check_queue(struct findings *findings, const struct ledger *ledger, const struct side *side,
                 bool whole, uint64_t scale);

/* --- for its parts --- */

/* A finding about one job, with the facts about it. */
void check_tell_job(const struct check *check, enum finding_kind kind, uint32_t uid,
                    const char *what);

/* The lowest and highest possible settings in this time, of a pool or of all pools together. New
 * settings take effect late. */
struct known_range {
    uint64_t pool_max, job_max, job_min;
};
struct known_range check_settings(const struct check *check, uint64_t from_us, uint64_t to_us);
struct known_range check_pool_settings(const struct check *check, uint8_t pool, uint64_t from_us,
                                       uint64_t to_us);

/* Whether a submit of this time may have gone to the pool. */
bool check_may_be_in(const struct check *check, uint8_t module, uint8_t pool, uint64_t from_us,
                     uint64_t to_us);

/* Whether the breaker of the job's module may have been open at the job's end. */
bool check_breaker_may_be_open(const struct check *check, uint32_t uid);

void check_jobs(const struct check *check);
void check_breaker(const struct check *check);
void check_order(const struct check *check);
void check_requests(const struct check *check);
/* Notes an event of a cancel of many. */
void check_selects_note(struct check *check, const struct event *event);

/* Such a cancel may have met the job before that time. */
bool check_selects_met(const struct check *check, uint32_t uid, uint64_t until_us);

void check_selects(const struct check *check);

void check_reports(const struct check *check);
void check_services(const struct check *check);
void check_daemon(const struct check *check);

/* --- check_requests.c, while gathering --- */

void check_requests_note(struct check *check, uint32_t epoch, const struct event *event);

#endif
