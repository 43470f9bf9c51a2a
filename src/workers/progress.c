/* worker_progress: see progress.h. */
#include "workers/progress.h"

#include "jobs/dispatcher.h"

#include <string.h>

/* A worker that reports without a pause may be faster than a copy, but rarely. */
enum { TRIES = 8 };

/* A broken worker says anything. The comparisons are false for NaN. */
static void sanitise(struct job_progress *progress)
{
    progress->message[MESSAGE_MAX] = '\0';
    if (!(progress->fraction > 0))
        progress->fraction = 0;
    else if (!(progress->fraction < 1))
        progress->fraction = 1;
}

/* The worker does not write to the place of its latest report before it has made the next ones. */
static bool copy(const struct worker_shared *shared, uint64_t count, struct job_progress *latest)
{
    memcpy(latest, &shared->progress[count % WORKER_PROGRESS_KEPT], sizeof *latest);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint64_t now = __atomic_load_n(&shared->progress_count, __ATOMIC_RELAXED);
    return latest->count == count && now - count < WORKER_PROGRESS_KEPT - 1;
}

bool worker_progress_latest(const struct worker_shared *shared, uint64_t job,
                            struct job_progress *latest)
{
    for (int i = 0; i < TRIES; i++) {
        uint64_t count = __atomic_load_n(&shared->progress_count, __ATOMIC_ACQUIRE);
        if (!count)
            return false;
        if (copy(shared, count, latest)) {
            sanitise(latest);
            return latest->job == job;
        }
    }
    return false;
}

/* An abort may have ended the job since the message's header was checked. */
void worker_progress_take(struct worker_link *link, const struct payload *payload)
{
    struct job_progress progress = {.count = 0};
    const struct job *job = link->worker->job;
    payload_copy(payload, 0, &progress, sizeof progress);
    sanitise(&progress);
    if (job && job->seq == progress.job)
        dispatcher_worker_progress(link->worker, &progress);
}
