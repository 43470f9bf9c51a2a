/* master_news: see master_news.h. */
#include "master_news.h"

#include "common/log.h"
#include "master_sources.h"

#include <string.h>

enum {
    ALL = NEWS_JOBS | NEWS_ENDS | NEWS_MARKED | NEWS_WORKERS | NEWS_TURNS | NEWS_POOLS | NEWS_FAILS,
    WORKERS_MAX = 4096, /* the rest is not looked at */
    FICKLE_TIMES = 3,   /* such a reader leaves with each so many-th news */
};

enum worker_stage { UNKNOWN, STARTING, READY, BUSY, DEAD, ENDED };

static struct news_reader steady, fickle;
static uint8_t stages[WORKERS_MAX];
static unsigned fickle_left; /* news until the second reader leaves; 0: it stays */

/* --- jobs --- */

static void on_job(struct news_reader *reader, const struct job *job)
{
    const struct known_job *k = known_of(job);
    (void)reader;
    bug_on(k->ends || k->seen & SEEN_END);
    bug_on(job->state != JOB_WAITING && !job_is_assigned(job));
    bug_on(job_is_assigned(job) != (job->run.worker && job->run.worker->job == job));
}

static void check_end(const struct known_job *k, const struct job_end *end)
{
    bug_on(end->dropped && end->orphaned);
    bug_on(!end->dropped && !end->orphaned && !(k->seen & SEEN_END));
    bug_on((end->dropped || end->orphaned) && source_is_lasting(k->source));
    bug_on(end->event->type < JOB_DONE);
    bug_on(end->dropped && end->event->message);
}

static void on_end(struct news_reader *reader, const struct job *job, const struct job_end *end)
{
    struct known_job *k = known_of(job);
    (void)reader;
    bug_on(k->ends++ || job->state != JOB_ENDED);
    check_end(k, end);
}

/* --- workers --- */

static bool follows(uint8_t stage, enum worker_news what)
{
    switch (what) {
    case WORKER_IS_STARTING:
        return stage == UNKNOWN;
    case WORKER_IS_READY:
        return stage == STARTING;
    case WORKER_IS_BUSY:
    case WORKER_IS_DEAD:
        return stage == READY || stage == BUSY;
    case WORKER_IS_IDLE:
        return stage == BUSY;
    case WORKER_IS_ALIVE:
        return stage == DEAD;
    case WORKER_HAS_ENDED:
        return stage != UNKNOWN && stage != ENDED;
    }
    return false;
}

static void on_worker(struct news_reader *reader, const struct worker *worker,
                      enum worker_news what)
{
    static const uint8_t to[] = {
        [WORKER_IS_STARTING] = STARTING, [WORKER_IS_READY] = READY, [WORKER_IS_BUSY] = BUSY,
        [WORKER_IS_IDLE] = READY,        [WORKER_IS_DEAD] = DEAD,   [WORKER_IS_ALIVE] = READY,
        [WORKER_HAS_ENDED] = ENDED,
    };
    (void)reader;
    if (worker->id >= WORKERS_MAX)
        return;
    bug_on(!follows(stages[worker->id], what));
    stages[worker->id] = to[what];
}

static void on_pool(struct news_reader *reader, const char *pool, enum pool_news what)
{
    (void)reader;
    bug_on(!*pool || !*pool_news_name(what));
}

/* --- a reader that comes and goes --- */

static void leave_perhaps(void)
{
    if (fickle_left && !--fickle_left)
        news_want(&pools.shared.news, &fickle, 0);
}

static void on_fickle_job(struct news_reader *reader, const struct job *job)
{
    (void)reader;
    bug_on(!(fickle.wants & NEWS_JOBS) || !job->seq);
    leave_perhaps();
}

/* A reader that has left meanwhile may have missed the end. */
static void on_fickle_end(struct news_reader *reader, const struct job *job,
                          const struct job_end *end)
{
    struct known_job *k = known_of(job);
    (void)reader;
    bug_on(!(fickle.wants & (NEWS_ENDS | NEWS_MARKED | NEWS_FAILS)));
    bug_on(!(fickle.wants & (NEWS_ENDS | NEWS_FAILS)) && !job->run.marked);
    bug_on(!(fickle.wants & NEWS_ENDS) && !job->run.marked && end->event->type == JOB_DONE);
    bug_on(k->downs++);
    leave_perhaps();
}

static void on_fickle_worker(struct news_reader *reader, const struct worker *worker,
                             enum worker_news what)
{
    bool turn = what == WORKER_IS_BUSY || what == WORKER_IS_IDLE;
    (void)reader, (void)worker;
    bug_on(!(fickle.wants & (turn ? NEWS_TURNS : NEWS_WORKERS)));
    leave_perhaps();
}

static void on_fickle_pool(struct news_reader *reader, const char *pool, enum pool_news what)
{
    (void)reader, (void)pool, (void)what;
    bug_on(!(fickle.wants & NEWS_POOLS));
    leave_perhaps();
}

void news_change(struct input *input)
{
    unsigned kinds = input_take(input) & ALL;
    fickle_left = input_take(input) % FICKLE_TIMES;
    news_want(&pools.shared.news, &fickle, kinds);
}

void news_mark(struct input *input)
{
    uint64_t last = pools.shared.last_seq, seq = last - input_take(input) % (last + 1);
    struct job *job = seq ? dispatcher_find(&pools.shared, seq) : NULL;
    if (job)
        job->run.marked = true;
}

/* --- a run --- */

void news_begin(void)
{
    memset(stages, 0, sizeof stages);
    fickle_left = 0;
    steady = (struct news_reader){
        .on_job = on_job, .on_end = on_end, .on_worker = on_worker, .on_pool = on_pool};
    fickle = (struct news_reader){.on_job = on_fickle_job,
                                  .on_end = on_fickle_end,
                                  .on_worker = on_fickle_worker,
                                  .on_pool = on_fickle_pool};
    news_want(&pools.shared.news, &steady, ALL);
}

void news_check(void)
{
    for (uint64_t seq = 1; seq <= pools.shared.last_seq; seq++)
        bug_on(known[seq].ends != 1);
    for (int i = 0; i < WORKERS_MAX; i++)
        bug_on(stages[i] != UNKNOWN && stages[i] != ENDED);
}

void news_end(void)
{
    news_want(&pools.shared.news, &fickle, 0);
    news_want(&pools.shared.news, &steady, 0);
    bug_on(pools.shared.news.wanted);
}
