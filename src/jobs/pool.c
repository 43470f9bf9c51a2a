/* pool: see pool.h. */
#include "jobs/pool.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "jobs/news.h"

#include <stdlib.h>

static const char *const state_names[WORKER_STATES] = {
    [WORKER_STARTING] = "starting", [WORKER_IDLE] = "idle",         [WORKER_BUSY] = "busy",
    [WORKER_STOPPING] = "stopping", [WORKER_RETIRING] = "stopping", [WORKER_DEAD] = "dead",
};

const char *worker_state_name(enum worker_state state)
{
    return state_names[state];
}

void pool_init(struct pool *pool, uint32_t *last_id, struct news *news)
{
    *pool = (struct pool){.last_id = last_id, .news = news};
    for (int i = 0; i < WORKER_STATES; i++)
        TAILQ_INIT(&pool->lists[i]);
}

/* --- counting those to be recycled --- */

static size_t *recycling_count(struct worker *worker)
{
    return worker_is_ending(worker) ? &worker->pool->recycling : &worker->pool->due;
}

static void set_end(struct worker *worker, enum worker_end end)
{
    if (worker_end_is_recycling(worker->end))
        --*recycling_count(worker);
    worker->end = (uint8_t)end;
    if (worker_end_is_recycling(end))
        ++*recycling_count(worker);
}

/* Recycling waits for its turn; other wishes do not; the rest does not even wait for a job. */
static int urgency(enum worker_end end)
{
    if (worker_end_is_recycling(end))
        return 1;
    return end == END_UNDECIDED ? 0 : worker_end_is_wish(end) ? 2 : 3;
}

void worker_decide_end(struct worker *worker, enum worker_end end)
{
    bool decided = worker->end != END_UNDECIDED;
    if (decided && (worker_is_ending(worker) || urgency(end) <= urgency(worker->end)))
        return;
    set_end(worker, end);
}

void worker_cut_off(struct worker *worker)
{
    worker->leaving = true;
    if (!worker_is_ending(worker) && worker_end_is_wish(worker->end))
        set_end(worker, END_UNDECIDED);
}

/* --- states --- */

static void enter(struct worker *worker, enum worker_state state, uint64_t now_us)
{
    if (worker->state != WORKER_RETIRING) /* reports call both states stopping */
        worker->since_us = now_us;
    worker->state = (uint8_t)state;
    TAILQ_INSERT_HEAD(&worker->pool->lists[state], worker, link);
    worker->pool->counts[state]++;
    if (worker_end_is_recycling(worker->end))
        ++*recycling_count(worker);
}

static void leave(struct worker *worker)
{
    TAILQ_REMOVE(&worker->pool->lists[worker->state], worker, link);
    worker->pool->counts[worker->state]--;
    if (worker_end_is_recycling(worker->end))
        --*recycling_count(worker);
}

/* --- news --- */

static void tell(const struct worker *worker, enum news_kind kind, enum worker_news what)
{
    if (news_is_wanted(worker->pool->news, kind))
        news_tell_worker(worker->pool->news, kind, worker, what);
}

static void tell_idle(const struct worker *worker, enum worker_state before)
{
    if (before == WORKER_BUSY)
        tell(worker, NEWS_TURNS, WORKER_IS_IDLE);
    else
        tell(worker, NEWS_WORKERS, before == WORKER_DEAD ? WORKER_IS_ALIVE : WORKER_IS_READY);
}

/* The way to the end is not told, but the end. */
static void tell_state(const struct worker *worker, enum worker_state before)
{
    if (worker->state == WORKER_IDLE)
        tell_idle(worker, before);
    else if (worker->state == WORKER_BUSY)
        tell(worker, NEWS_TURNS, WORKER_IS_BUSY);
    else if (worker->state == WORKER_DEAD)
        tell(worker, NEWS_WORKERS, WORKER_IS_DEAD);
}

void worker_runs(struct worker *worker)
{
    tell(worker, NEWS_WORKERS, WORKER_IS_STARTING);
}

/* --- states --- */

struct worker *pool_add(struct pool *pool, uint64_t now_us)
{
    struct worker *worker = xcalloc(1, sizeof *worker);
    worker->pool = pool;
    worker->id = ++*pool->last_id;
    worker->started_us = worker->heard_us = now_us;
    pool->count++;
    TAILQ_INIT(&worker->prefetched);
    enter(worker, WORKER_STARTING, now_us);
    return worker;
}

void pool_remove(struct pool *pool, struct worker *worker)
{
    bug_on(worker->pool != pool || worker->job || worker->prefetched_count ||
           timer_is_set(&worker->timer));
    if (worker->pid)
        tell(worker, NEWS_WORKERS, WORKER_HAS_ENDED);
    leave(worker);
    pool->count--;
    pool->dead -= worker->dead;
    free(worker);
}

size_t pool_ending(const struct pool *pool)
{
    return pool->counts[WORKER_STOPPING] + pool->counts[WORKER_RETIRING];
}

struct worker *pool_find(struct pool *pool, uint32_t id)
{
    struct worker *worker;
    for (int i = 0; i < WORKER_STATES; i++)
        TAILQ_FOREACH (worker, &pool->lists[i], link)
            if (worker->id == id)
                return worker;
    return NULL;
}

void worker_printed(struct worker *worker, const struct job *job, uint64_t now_us)
{
    worker->printed_us = now_us;
    if (job)
        job->asked.module->history.printed_us = now_us;
}

/* A dead worker on its way to its end stays dead. */
static void note_dead(struct worker *worker, enum worker_state state)
{
    if (state == WORKER_DEAD) {
        worker->dead = true;
        worker->pool->dead++;
    } else if (state == WORKER_IDLE) {
        worker->dead = false;
        worker->pool->dead--;
    }
}

void worker_set_state(struct worker *worker, enum worker_state state, uint64_t now_us)
{
    static const unsigned char from[WORKER_STATES] = {
        [WORKER_IDLE] = 1u << WORKER_STARTING | 1u << WORKER_BUSY | 1u << WORKER_DEAD,
        [WORKER_BUSY] = 1u << WORKER_IDLE,
        [WORKER_DEAD] = 1u << WORKER_IDLE | 1u << WORKER_BUSY,
        [WORKER_RETIRING] =
            1u << WORKER_STARTING | 1u << WORKER_IDLE | 1u << WORKER_BUSY | 1u << WORKER_DEAD,
        [WORKER_STOPPING] = 1u << WORKER_STARTING | 1u << WORKER_IDLE | 1u << WORKER_BUSY |
                            1u << WORKER_DEAD | 1u << WORKER_RETIRING,
    };
    const enum worker_state before = worker->state;
    bug_on(!(from[state] & 1u << before));
    if (state == WORKER_DEAD || worker->state == WORKER_DEAD)
        note_dead(worker, state);
    leave(worker);
    enter(worker, state, now_us);
    tell_state(worker, before);
}
