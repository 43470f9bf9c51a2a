/* news: see news.h. */
#include "jobs/news.h"

#include <stddef.h>

const char *worker_news_name(enum worker_news news)
{
    static const char *const names[] = {
        [WORKER_IS_STARTING] = "starting", [WORKER_IS_READY] = "ready", [WORKER_IS_BUSY] = "busy",
        [WORKER_IS_IDLE] = "idle",         [WORKER_IS_DEAD] = "dead",   [WORKER_IS_ALIVE] = "alive",
        [WORKER_HAS_ENDED] = "ended",
    };
    return names[news];
}

const char *pool_news_name(enum pool_news news)
{
    static const char *const names[] = {
        [POOL_IS_ADDED] = "added",     [POOL_IS_REMOVED] = "removed", [POOL_IS_PAUSED] = "paused",
        [POOL_IS_RESUMED] = "resumed", [POOL_IS_RESIZED] = "resized",
    };
    return names[news];
}

void news_init(struct news *news)
{
    *news = (struct news){.wanted = 0};
    LIST_INIT(&news->readers);
}

void news_want(struct news *news, struct news_reader *reader, unsigned kinds)
{
    const struct news_reader *each;
    if (!reader->wants && kinds)
        LIST_INSERT_HEAD(&news->readers, reader, link);
    else if (reader->wants && !kinds)
        LIST_REMOVE(reader, link);
    reader->wants = kinds;
    news->wanted = 0;
    LIST_FOREACH (each, &news->readers, link)
        news->wanted |= each->wants;
}

/* A reader may leave the list while it is told. */
#define EACH_READER(reader, next, news)           \
    for ((reader) = LIST_FIRST(&(news)->readers); \
         (reader) && ((next) = LIST_NEXT(reader, link), true); (reader) = (next))

void news_tell_job(struct news *news, const struct job *job)
{
    struct news_reader *reader, *next;
    EACH_READER(reader, next, news)
    if (reader->wants & NEWS_JOBS)
        reader->on_job(reader, job);
}

void news_tell_end(struct news *news, unsigned kinds, const struct job *job,
                   const struct job_end *end)
{
    struct news_reader *reader, *next;
    EACH_READER(reader, next, news)
    if (reader->wants & kinds)
        reader->on_end(reader, job, end);
}

void news_tell_worker(struct news *news, enum news_kind kind, const struct worker *worker,
                      enum worker_news what)
{
    struct news_reader *reader, *next;
    EACH_READER(reader, next, news)
    if (reader->wants & kind)
        reader->on_worker(reader, worker, what);
}

void news_tell_pool(struct news *news, const char *pool, enum pool_news what)
{
    struct news_reader *reader, *next;
    EACH_READER(reader, next, news)
    if (reader->wants & NEWS_POOLS)
        reader->on_pool(reader, pool, what);
}
