/*
 * nemesis: carries out the faults of the plan, each in its moment, and ends the ones with a
 * duration in time.
 *
 * nemesis.c has the schedule and the table of kinds, nemesis_pace.c what clients of several kinds
 * do later. The other files nemesis_*.c have the kinds themselves, by their victims.
 */
#ifndef TORTURE_NEMESIS_H
#define TORTURE_NEMESIS_H

#include "crowd.h"
#include "daemon.h"
#include "monitor.h"

/* A later action. */
struct later {
    LIST_ENTRY(later) link;
    struct loop_timer timer;
    struct nemesis *nemesis;
    void (*act)(struct nemesis *nemesis, const struct later *later);
    enum fault_kind kind; /* of the action's fault */
    pid_t pid;
    uint32_t client; /* by number: the client may be gone by then */
    uint32_t count;
};

struct nemesis {
    const struct plan *plan;
    struct loop *loop;
    struct history *history;
    struct daemon *daemon;
    struct crowd *crowd;
    struct monitor *monitor;
    size_t next; /* fault of the plan */
    uint64_t counts[FAULT_KINDS];
    uint64_t total, missed; /* missed: found no victim */
    enum fault_kind kind;   /* of the present fault */
    struct rng rng;         /* its details */
    bool exclusive;         /* the present fault allows no other beside it */
    bool waits_for_workers; /* it needs the list of workers */
    unsigned tries;         /* lists without a worker in the wanted state */
    bool waits_for_start;   /* it strikes the next starting worker */
    size_t strangers;       /* connections to the worker port */
    LIST_HEAD(, later) laters;
    void *arg;
    void (*restart)(void *arg, enum epoch_end how); /* the daemon was told to end, or killed */
};

void nemesis_init(struct nemesis *nemesis, const struct plan *plan);
void nemesis_free(struct nemesis *nemesis);

/* Carries out what is due. */
void nemesis_step(struct nemesis *nemesis);

/* All faults were carried out, and all durations are over. */
bool nemesis_is_done(const struct nemesis *nemesis);

/* A new list of workers; a worker's process was started. */
void nemesis_workers_listed(struct nemesis *nemesis);
void nemesis_worker_started(struct nemesis *nemesis, pid_t pid);

/* The master is gone, and with it every fault under way. */
void nemesis_epoch_over(struct nemesis *nemesis);

/* --- for the kinds --- */

void nemesis_later(struct nemesis *nemesis, uint64_t after_us,
                   void (*act)(struct nemesis *, const struct later *), pid_t pid, uint32_t client,
                   uint32_t count);

/* How much a slow reader reads at once, and how long it pauses at most. */
struct sips {
    size_t min, max;
    uint64_t pause_us;
};

/* What a client does later. It closes its connection, with a reset if the count is not 0; reads
 * again; or reads in so many sips, and then all. */
void nemesis_drop(struct nemesis *nemesis, const struct later *later);
void nemesis_read_again(struct nemesis *nemesis, const struct later *later);
void nemesis_sip(struct nemesis *nemesis, const struct later *later, const struct sips *sips);

void nemesis_workers_strike(struct nemesis *nemesis);
void nemesis_jobs_strike(struct nemesis *nemesis);
void nemesis_clients_strike(struct nemesis *nemesis);
void nemesis_streams_strike(struct nemesis *nemesis);
void nemesis_live_strike(struct nemesis *nemesis);

/* The operator pauses a pool for so long. */
void nemesis_pause(struct nemesis *nemesis, uint8_t pool, uint64_t for_us);
void nemesis_requests_strike(struct nemesis *nemesis);
void nemesis_master_strike(struct nemesis *nemesis);
void nemesis_strangers_strike(struct nemesis *nemesis);
void nemesis_operator_strike(struct nemesis *nemesis);

/* New settings, by SIGHUP; the plan's again, and with that the end of an exclusive fault. */
void nemesis_set_layout(struct nemesis *nemesis, const struct layout *layout, bool worker_broken);
void nemesis_restore(struct nemesis *nemesis, const struct later *later);

#endif
