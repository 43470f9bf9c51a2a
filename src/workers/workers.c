/* workers: see workers.h. */
#include "workers/workers.h"
#include "workers/death.h"
#include "workers/workers_internal.h"

#include "base/clock.h"
#include "base/file_room.h"
#include "common/log.h"

#include <stdlib.h>

enum {
    REAP_BATCH = 16, /* processes reaped in one turn: each takes some twenty system calls, */
    REAP_US = 5000,  /* or fewer: each death may be told to a hundred thousand monitors */
};

/* A thousand may die in the same moment. */
void workers_reap(struct workers *workers)
{
    uint64_t end_us = clock_us() + REAP_US;
    bool is_more = true;
    for (int n = 0; n < REAP_BATCH && is_more && clock_us() < end_us; n++)
        is_more = worker_death_reap_any(workers);
    if (is_more)
        timer_set_next(workers_timers(workers), &workers->reap);
}

static void on_reap(void *arg)
{
    workers_reap(arg);
}

void workers_init(struct workers *workers)
{
    TAILQ_INIT(&workers->links);
    SLIST_INIT(&workers->preloads);
    crashes_init(&workers->crashes);
    timer_init(&workers->reap, on_reap, workers);
    unauthenticated_init(&workers->unauthenticated);
    /* until the limit of open files is known */
    workers->unauthenticated_max = FILE_ROOM_UNAUTHENTICATED;
    log_limit_init(&workers->stranger_lines, workers->loop->timers, LOG_WARN, "stranger");
}

void workers_free(struct workers *workers)
{
    bug_on(!TAILQ_EMPTY(&workers->links));
    timer_clear(workers_timers(workers), &workers->reap);
    log_limit_end(&workers->stranger_lines);
    worker_preloads_free(&workers->preloads);
    worker_welcome_unref(workers->welcome);
    crashes_free(&workers->crashes);
    free(workers->env.environ);
}

void workers_follow_log(struct workers *workers)
{
    struct worker_link *link;
    TAILQ_FOREACH (link, &workers->links, link)
        if (link->process.shared)
            worker_process_want_debug(&link->process, log_enabled(LOG_DEBUG));
}

void workers_configure(struct workers *workers, const struct workers_settings *settings,
                       const struct module_settings *modules, const struct job_settings *jobs)
{
    workers->env.path = settings->path;
    workers->no_new_privs = settings->no_new_privs;
    workers->limits = (struct conn_limits){.output_pause = UINT64_MAX, .own = true};
    worker_welcome_unref(workers->welcome);
    workers->welcome = worker_welcome_new(modules, workers->boot);
    worker_preloads_configure(&workers->preloads, jobs, workers->pools);
    workers_follow_log(workers);
}
