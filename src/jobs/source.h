/*
 * source: where jobs come from, and the news that it hears of them.
 *
 * A source is a connected client, and later an upstream engine or a timer. The dispatcher tells a
 * source of the events of its jobs, and the source decides how they reach somebody. After a
 * terminal event the job is gone.
 *
 * A source is held while it leaves too many results unread (hold.c): its jobs stay in the line, and
 * others pass them.
 */
#ifndef TASKMASTER_JOBS_SOURCE_H
#define TASKMASTER_JOBS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct job;
struct job_progress;
struct job_queue;
struct job_queue_passed;
struct job_reader;
struct payload;

/* Why a job ends in `failed`; the names are the protocol's. */
enum fail_reason {
    FAIL_ERROR,
    FAIL_MODULE,
    FAIL_TIMEOUT,
    FAIL_CANCELLED,
    FAIL_UNKNOWN_MODULE,
    FAIL_UNAVAILABLE,
    FAIL_TOO_LARGE,
    FAIL_SHUTDOWN,
    FAIL_EXPIRED,
    FAIL_REASONS
};

enum overload_reason {
    OVERLOAD_MEMORY,
    OVERLOAD_CLIENT_QUOTA,
    OVERLOAD_SERVICE_FULL,
    OVERLOAD_QUEUE_FULL,
    OVERLOAD_REASONS
};

/* How far the stopping of a running job has gone. */
enum stop_step {
    STOP_NONE,
    STOP_FLAG,
    STOP_SIGTERM,
    STOP_SIGKILL,
};

/* Who ended a job, as far as somebody did. */
enum ended_by {
    BY_NOBODY,
    BY_SUBMITTER, /* under its name, or on its connection */
    BY_LINK,      /* the end of the connection that the job was tied to */
    BY_CLIENT,    /* another one */
    BY_OPERATOR,  /* a drain, a signal, a kill of the worker */
    BY_READER,    /* its reader, who takes none of its parts */
};

const char *ended_by_name(enum ended_by by); /* not of BY_NOBODY */
const char *fail_reason_name(enum fail_reason reason);
const char *overload_reason_name(enum overload_reason reason);
const char *stop_step_name(enum stop_step step);

enum job_event_type {
    JOB_ACCEPTED,
    JOB_STARTED,
    JOB_PROGRESS,
    JOB_PART,
    JOB_DONE, /* terminal, as are those below */
    JOB_FAILED,
    JOB_OVERLOAD,
};

/* What a job has used. */
struct job_usage {
    uint64_t cpu_us;     /* processor time of its run: all threads, and children waited for */
    uint64_t worker_rss; /* bytes of the worker at the end, or the largest known of a lost one */
};

/* News for a source. Fields of other types of event are zero. All pointers are borrowed for the
 * call. */
struct job_event {
    enum job_event_type type;
    size_t position;                     /* accepted */
    uint32_t worker;                     /* started */
    const char *pool;                    /* started, overload: its name */
    uint64_t wait_us, run_us;            /* terminal, of a job that had begun (end.c) */
    const struct job_progress *progress; /* progress */
    const struct job_usage *usage;       /* terminal, if asked for and known */
    struct payload *payload; /* done: the result, NULL if it is empty; failed: details, or NULL;
                                part: its bytes, NULL if it is empty */
    uint64_t part_seq;       /* part: from 0 */
    enum fail_reason fail;
    const char *code;    /* failed, reason module */
    const char *message; /* failed */
    size_t message_len;
    int signal;      /* failed, reason error: the worker died of this signal, or 0 */
    int exit_status; /* ... or its exit status, if exited */
    bool exited;
    enum stop_step step; /* failed: the step of stopping behind the end */
    enum ended_by by;    /* failed, reasons cancelled, shutdown and error */
    const char *by_name; /* ... the name of a client, or NULL */
    enum overload_reason overload;
    size_t queued, running;
    /* overload; failed, if the breaker of its module is open, or if the module says so */
    uint64_t retry_after_ms;
};

/* The place of a source in the line of one pool. */
struct job_stand {
    struct job_queue *queue;         /* NULL: no job of the source has been in this line */
    size_t queued;                   /* jobs in the line */
    struct job_queue_passed *passed; /* the line's; NULL: no job was passed by others */
};

struct job_source {
    void (*event)(struct job_source *source, struct job *job, const struct job_event *event);
    /* The job leaves this source: it ended, or dispatcher_source_gone() parted the two. */
    void (*left)(struct job_source *source, struct job *job);
    const char *name;      /* for the log: "NUMBER@ADDRESS"; borrowed */
    const char *client;    /* as the client calls itself; borrowed; NULL: it has no name */
    const char *service;   /* to whose owner the ends go; borrowed; NULL: no service's */
    uint64_t number;       /* of its connection, from 1; 0: it has none */
    LIST_HEAD(, job) jobs; /* unfinished ones */
    size_t job_count;
    uint64_t beside;             /* jobs of other sources that count for its client-job-max */
    uint64_t unread;             /* bytes of unread output, by the source's own count */
    uint64_t coming;             /* bytes of results expected from its jobs with workers */
    uint64_t arriving;           /* of these announced by the workers, and on their way */
    size_t queued;               /* its jobs in all lines */
    struct job_stand first;      /* in the line of the pool `default` */
    struct job_stand *others;    /* in the lines of other pools, by the line's number less one */
    size_t others_count;         /* owned by the queues (queue.h) */
    LIST_ENTRY(job_source) link; /* in the list of held sources, while `held` */
    struct job_reader *reader;   /* of parts (stream.h); NULL: no part was announced so far */
    struct job *untie;           /* while its ties are being cut: the next to look at */
    bool bounded;                /* its submits are refused while it has much unread output */
    bool held;                   /* its jobs stay in the lines */
    bool gone;                   /* nobody hears of its jobs any more */
    bool ended;                  /* no more submits; its ties are being cut */
    bool leave;                  /* the source has taken leave: its end is no failure */
};

#endif
