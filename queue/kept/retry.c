/* kept_retry: a failed run is tried again, after a pause that doubles with each failure. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { DELAY_MAX_MS = 3600000, TENTHS = 1000 };

/* Of the failed run, told once the retry is written. */
struct news {
    struct store_news told;
    char *message;
    char reason[64];
};

static void written(struct keep_op *op)
{
    struct news *news = op->arg;
    struct kept_event event = {.type = KEPT_EVENT_RETRY,
                               .attempt = news->told.attempt,
                               .reason = news->reason,
                               .message = news->message,
                               .delay_ms = news->told.delay_ms};
    if (kept_back_is_written(op)) {
        kept_tell_answers(op->job, KEPT_ANSWER_OK);
        kept_tell(op->job, KEPT_WANTS_RETRY, &event);
    }
    free(news->message);
    free(news);
}

static struct news *news_of(const struct kept *job, const struct kept_end *end, uint64_t delay_ms)
{
    struct news *news = xcalloc(1, sizeof *news);
    news->message = xstrdup(end->message ? end->message : "");
    strncpy(news->reason, end->type == KEPT_END_ERROR ? "error" : end->reason,
            sizeof news->reason - 1);
    news->told = (struct store_news){.what = STORE_WANTS_RETRY,
                                     .attempt = job->stored->run.attempt,
                                     .reason = news->reason,
                                     .message = news->message,
                                     .delay_ms = delay_ms};
    return news;
}

static unsigned bit_of(const struct kept_end *end)
{
    static const struct {
        const char *reason;
        unsigned bit;
    } bits[] = {
        {"error", RETRY_ON_ERROR},
        {"timeout", RETRY_ON_TIMEOUT},
        {"module", RETRY_ON_MODULE},
        {"expired", RETRY_ON_EXPIRED},
    };
    if (end->type == KEPT_END_ERROR)
        return RETRY_ON_ERROR;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (strcmp(bits[i].reason, end->reason) == 0)
            return bits[i].bit;
    return 0;
}

/* A module's own wish counts whatever retry_on says; `retries` bounds both. */
static bool is_wanted(const struct kept *job, const struct kept_end *end)
{
    const struct stored_job *stored = job->stored;
    return !stored->run.is_cancelled && stored->run.failures < stored->wish.retries &&
           (end->delay_ms >= 0 || stored->wish.retry_on & bit_of(end));
}

/* Doubled with each failure, and a fifth more or less, so that many failed together do not come
 * back together. */
static uint64_t doubled(const struct kept *job)
{
    uint32_t times = job->stored->run.failures;
    uint64_t delay = (uint64_t)job->stored->wish.retry_delay_ms << (times < 32 ? times : 32);
    if (delay > DELAY_MAX_MS)
        delay = DELAY_MAX_MS;
    delay = delay * (800 + job->keep->parts.random() % 401) / TENTHS;
    return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

/* The job may wait as long as after its submit. */
static void set_expiry(struct kept *job, uint64_t due_ms)
{
    if (job->stored->wish.max_wait_ms)
        job->stored->run.expires_ms = due_ms + job->stored->wish.max_wait_ms;
}

bool kept_retry_try(struct kept *job, const struct kept_end *end)
{
    struct keep *keep = job->keep;
    uint64_t now_ms = kept_era_now(keep, kept_era_of(keep, job->stored->seq)), delay_ms;
    if (!is_wanted(job, end))
        return false;
    delay_ms = end->delay_ms >= 0 ? (uint64_t)end->delay_ms : doubled(job);
    struct news *news = news_of(job, end, delay_ms);
    job->stored->run.failures++;
    set_expiry(job, now_ms + delay_ms);
    keep->counts.retried++;
    job->module->counts.retried++;
    struct keep_op *op = kept_back_to(job, delay_ms ? now_ms + delay_ms : 0, written);
    op->arg = news;
    op->op.news = &news->told;
    return true;
}
