/*
 * news: the stream of events of jobs, workers and pools, for readers beside a job's own source.
 *
 * Monitors, watches and the log of jobs read it. A reader names the kinds of news that it wants.
 * Nobody wants a kind: the event costs one look at a word. A reader is called amid the dispatcher's
 * work. It may write to connections and change its own wants, and must not call the dispatcher,
 * except dispatcher_source_unread().
 */
#ifndef TASKMASTER_JOBS_NEWS_H
#define TASKMASTER_JOBS_NEWS_H

#include "jobs/source.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct job;
struct worker;

enum news_kind {
    NEWS_JOBS = 1u << 0,    /* a job waits, runs, or is being stopped */
    NEWS_ENDS = 1u << 1,    /* each job's end */
    NEWS_MARKED = 1u << 2,  /* the end of each job with the mark (job.h) */
    NEWS_WORKERS = 1u << 3, /* a worker starts, is ready, dead, alive again, or has ended */
    NEWS_TURNS = 1u << 4,   /* a worker is busy, or idle */
    NEWS_POOLS = 1u << 5,   /* a pool comes, goes, is paused, resumed or resized */
    NEWS_FAILS = 1u << 6,   /* each job's end but done */
};

/* How a job has ended. All pointers are borrowed for the call. */
struct job_end {
    const struct job_event *event; /* as told to the source; one without a message: dropped */
    const struct worker *worker;   /* NULL: the job was with none */
    bool dropped;                  /* a waiting job: its client went, and nobody was told */
    bool orphaned;                 /* a begun job: likewise */
};

enum worker_news {
    WORKER_IS_STARTING, /* its process runs */
    WORKER_IS_READY,
    WORKER_IS_BUSY,
    WORKER_IS_IDLE,
    WORKER_IS_DEAD,
    WORKER_IS_ALIVE,  /* again */
    WORKER_HAS_ENDED, /* its process is reaped; worker->end says why */
};

enum pool_news {
    POOL_IS_ADDED,
    POOL_IS_REMOVED,
    POOL_IS_PAUSED,
    POOL_IS_RESUMED,
    POOL_IS_RESIZED,
};

/* "starting" and so on, the protocol's words. */
const char *worker_news_name(enum worker_news news);
const char *pool_news_name(enum pool_news news);

/* A function of a kind not wanted may be NULL. */
struct news_reader {
    LIST_ENTRY(news_reader) link;
    unsigned wants; /* kinds, ored; written by news_want() */
    /* The job's state says all: WAITING, RUNNING or STOPPING. A job handed back by a worker waits
     * and runs again. */
    void (*on_job)(struct news_reader *reader, const struct job *job);
    /* Behind the job's event to its source. */
    void (*on_end)(struct news_reader *reader, const struct job *job, const struct job_end *end);
    void (*on_worker)(struct news_reader *reader, const struct worker *worker,
                      enum worker_news news);
    void (*on_pool)(struct news_reader *reader, const char *pool, enum pool_news news);
};

struct news {
    LIST_HEAD(, news_reader) readers; /* with wants */
    unsigned wanted;                  /* by any of them */
};

void news_init(struct news *news);

/* Changes the wants of a reader; none: the reader is left alone. */
void news_want(struct news *news, struct news_reader *reader, unsigned kinds);

static inline bool news_is_wanted(const struct news *news, unsigned kinds)
{
    return news->wanted & kinds;
}

/* Each calls the readers of the kind. Where events are frequent, the caller asks news_is_wanted()
 * before. `kind`: WORKERS or TURNS. `kinds`: all that the end is, of ENDS, FAILS and MARKED. */
void news_tell_job(struct news *news, const struct job *job);
void news_tell_end(struct news *news, unsigned kinds, const struct job *job,
                   const struct job_end *end);
void news_tell_worker(struct news *news, enum news_kind kind, const struct worker *worker,
                      enum worker_news what);
void news_tell_pool(struct news *news, const char *pool, enum pool_news what);

#endif
