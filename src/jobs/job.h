/*
 * job: one job's record, from its submit to its terminal event.
 *
 * The record has three parts: what the client asked for, the links of tables and lists, and how the
 * run goes. It owns everything about the job and knows nothing of sockets: the client is a job
 * source here, and the worker a record. States change in job_set_state() alone:
 *
 *     NEW --> WAITING --> RUNNING --> STOPPING --> ENDED      (each may be left out)
 *                 ^----------'
 *
 * A WAITING job is in the line, or prefetched: handed to a busy worker early, and reclaimed as long
 * as that worker has not begun it. A RUNNING job goes back to WAITING if its worker could not begin
 * it or died before. Then the job is at its old place in the line, or set aside for a fresh worker
 * (refusal.c).
 */
#ifndef TASKMASTER_JOBS_JOB_H
#define TASKMASTER_JOBS_JOB_H

#include "base/hash.h"
#include "base/heap.h"
#include "base/payload.h"
#include "jobs/job_origin.h"
#include "jobs/module_table.h"
#include "jobs/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct dispatcher;
struct job;
struct worker;

TAILQ_HEAD(job_list, job);

enum job_state {
    JOB_NEW,      /* its payload is still arriving, or it was refused */
    JOB_WAITING,  /* for a worker */
    JOB_RUNNING,  /* assigned to a worker */
    JOB_STOPPING, /* assigned, and told to stop */
    JOB_ENDED,    /* its terminal event is being told */
};

/* Whether the job ends with its connection. */
enum job_link {
    JOB_FREE,
    JOB_LINKED,
    JOB_LINKED_ON_FAILURE, /* ends with a connection that was lost, and not taken leave of */
};

/* The list that holds a WAITING job, by its link `waiting`. */
enum job_place {
    JOB_NOWHERE,    /* on the way from one place to another; every job in another state */
    JOB_IN_LINE,    /* queue.h */
    JOB_PASSED,     /* likewise, among the jobs of a source that others passed while it was held */
    JOB_ASIDE,      /* waiting for a fresh worker (aside.c) */
    JOB_PREFETCHED, /* with a busy worker (prefetch.c) */
};

const char *job_state_name(enum job_state state);

/* The client's wishes. They never change after the submit, and hold nothing of the server's state.
 * A store can write them down and read them back: the module by its name, the payload by its bytes,
 * and the two texts of the job. test_job.c does so, and the job runs as before. */
struct job_asked {
    struct module_entry *module; /* NULL: none to run */
    struct payload *payload;     /* owned; NULL if empty */
    struct job_origin *origin;   /* a reference; NULL: a job of its connection, and of no relay */
    uint32_t timeout_ms;         /* 0: none */
    uint32_t max_wait_ms;        /* 0: none; job_limit_wait() sets it */
    uint32_t soft_timeout_ms;    /* 0: none */
    uint32_t payload_max;        /* of the result, in bytes: as the client was told */
    uint16_t id_len, context_len;
    unsigned link : 2; /* enum job_link */
    bool detach : 1;   /* the job is nobody's: only its submit is answered */
    bool notify_accepted : 1, notify_started : 1, notify_progress : 1, notify_part : 1;
    bool notify_usage : 1;
};

/* The job's places in tables and lists. */
struct job_links {
    struct hash_node by_seq; /* in the dispatcher's table, from submit to end */
    union {
        struct hash_node by_id; /* in the source's table of ids, likewise */
        void *account;          /* of a source without such a table: whose quota the job uses */
    };
    TAILQ_ENTRY(job) waiting; /* in the list of its place */
    union {
        TAILQ_ENTRY(job) prefetched; /* while prefetched: in the dispatcher's list of those */
        TAILQ_ENTRY(job) passed;     /* while passed: in the line's list of those */
    };
    LIST_ENTRY(job) of_source; /* in its source's jobs */
};

/* How the run of the job goes. */
struct job_run {
    struct dispatcher *pool; /* from the submit on */
    struct worker *worker;   /* while prefetched, RUNNING or STOPPING */
    union {                  /* owned */
        char *why_no_module; /* the client's message if the module is NULL */
        char *by_name;       /* the client that has cancelled the job; NULL: it has no name */
    };
    uint64_t order; /* of assignment, from 1; 0 until then */
    uint64_t submitted_us;
    uint64_t begun_us;    /* when the worker began the job, as far as is known; 0: not yet */
    uint32_t limit_ms;    /* of its run; 0: none */
    uint32_t soft_ms;     /* of its run until the stop flag alone; 0: none, or the flag is raised */
    uint32_t coming;      /* bytes of result expected, while the job is with a worker */
    uint32_t arriving;    /* bytes of result announced by the worker; 0: none yet */
    uint8_t tag;          /* from the operation `assign`, for its own use */
    uint8_t stop_reason;  /* enum fail_reason, while STOPPING */
    uint8_t place;        /* enum job_place */
    bool over_budget : 1; /* there was no memory for the payload */
    bool told_started : 1; /* a second start elsewhere is not told */
    bool prefetched : 1;   /* handed to its worker early */
    bool given_back : 1;   /* a worker could not begin the job */
    bool soft_stopped : 1; /* RUNNING: its stop flag is raised, for the soft limit */
    bool began_late : 1;   /* its time limit was put off to its beginning */
    /* Asked for when the job was prefetched and could not be reclaimed: done once the job runs or
     * is back in the line. */
    bool cancelled : 1, killed : 1;
    bool told_slow_wait : 1, told_slow_run : 1; /* logged as slow (slow.c) */
    bool marked : 1;                            /* somebody monitors its end (news.h) */
    bool pinned : 1;                            /* a cursor may stand here (queue_cursor.h) */
    unsigned stop_step : 2;                     /* enum stop_step */
};

/* Of a job with max_wait_ms alone. It lies behind the job's texts, so that other jobs pay nothing.
 */
struct job_wait {
    struct heap_node due; /* in the pool's heap (wait.c) */
    struct job *job;
};

struct job {
    struct job_asked asked;
    struct job_links links;
    struct job_run run;
    struct job_source *source; /* NULL once gone: the job is orphaned */
    uint64_t seq;              /* the number in the server's id; 0 until the submit */
    uint32_t ticket;           /* counts the admitted jobs of its pool */
    uint8_t state;             /* enum job_state */
    uint8_t by;                /* enum ended_by: the first one to cancel the job */
    char text[];               /* the id as JSON text, then the context as JSON text */
};

/* A new job of no source and no payload. The texts are copied. */
struct job *job_new(const char *id, size_t id_len, const char *context, size_t context_len);
void job_free(struct job *job);

/* Gives a new job, still in no list, a limit to its wait. Returns the job, which may have moved. */
struct job *job_limit_wait(struct job *job, uint32_t max_wait_ms);

/* Only of a job with such a limit. */
struct job_wait *job_wait(struct job *job);

/* Joins the job to its source, and parts them. */
void job_set_source(struct job *job, struct job_source *source);

/* The one way to another state; the module's counts follow. A transition outside the matrix
 * aborts. */
void job_set_state(struct job *job, enum job_state state);

/* Before a cancel: notes who ends the job, and the name (copied; may be NULL) of a client. The
 * first one stays, and nobody else ends a job that is being stopped. */
void job_set_by(struct job *job, enum ended_by by, const char *name);

/* Notes the place of a WAITING job: its owner puts the job into the list, or takes the job out. A
 * place is left for nowhere; but from the line a job may be passed. Anything else aborts. */
void job_set_place(struct job *job, enum job_place place);

static inline const char *job_id(const struct job *job)
{
    return job->text;
}

static inline const char *job_context(const struct job *job)
{
    return job->text + job->asked.id_len;
}

/* The name whose job it is, and the id under which somebody else keeps the job; NULL: none. `job`
 * may be NULL. */
static inline const char *job_owner(const struct job *job)
{
    return job && job->asked.origin ? job->asked.origin->owner : NULL;
}

static inline const char *job_origin_id(const struct job *job)
{
    return job && job->asked.origin ? job->asked.origin->id : NULL;
}

/* The source's name, for the log; "-" if the source is gone. `job` may be NULL. */
static inline const char *job_client(const struct job *job)
{
    return job && job->source ? job->source->name : "-";
}

enum { JOB_TEXT_MAX = 64 };

/* The server's id of the job, for the log and for reports; "-" for NULL. Returns `text`. */
const char *job_name(const struct job *job, const char *boot, char text[JOB_TEXT_MAX]);

static inline bool job_is_prefetched(const struct job *job)
{
    return job->run.place == JOB_PREFETCHED;
}

static inline bool job_is_assigned(const struct job *job)
{
    return job->state == JOB_RUNNING || job->state == JOB_STOPPING;
}

#endif
