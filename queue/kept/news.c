/* kept_news: what a shared store tells of itself, of other nodes, and of their jobs. */
#include "queue/kept/kept_internal.h"

/* --- the store --- */

static void reach(struct kept *job)
{
    job->is_away = false;
    kept_touch(job);
}

/* Jobs of other nodes may have changed meanwhile. */
static void reach_anew(struct kept *job)
{
    if (!kept_is_held(job))
        job->is_stale = true;
    reach(job);
}

void kept_news_try_again(struct keep *keep)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(&keep->shared.refused))) {
        STAILQ_REMOVE_HEAD(&keep->shared.refused, link);
        kept_write_post_again((struct keep_op *)op);
    }
    kept_record_each(keep, reach);
}

static void on_up(void *arg)
{
    struct keep *keep = arg;
    kept_record_each(keep, reach_anew);
    kept_adopt_forgotten(keep);
    kept_claim_work_all(keep);
    kept_ripe_look(keep);
    kept_sweep_look(keep);
}

static void on_down(void *arg)
{
    (void)arg; /* is_up() says so */
}

static size_t on_expiring(void *arg, bool kill)
{
    return kept_lease_expiring(arg, kill);
}

static void on_lost(void *arg)
{
    kept_lease_lost(arg);
}

/* --- work --- */

static void on_work(void *arg, const char *name)
{
    kept_claim_work(kept_module_get(arg, name));
}

static void on_orphans(void *arg)
{
    kept_adopt_look(arg);
}

static void on_paused(void *arg)
{
    kept_totals_pause(arg);
}

static void on_counted(void *arg)
{
    kept_totals_count(arg);
}

static void on_times(void *arg, uint64_t ripe_ms, uint64_t expires_ms, uint64_t over_ms)
{
    struct keep *keep = arg;
    kept_due_tell(keep, ripe_ms, expires_ms);
    if (over_ms)
        kept_sweep_note(keep, over_ms);
}

/* --- jobs of other nodes --- */

static void on_changed(void *arg, uint64_t seq)
{
    struct kept *job = kept_record_find(arg, seq);
    if (job)
        kept_elsewhere_changed(job);
}

static void tell_master_fields(struct kept *job, const struct store_news *news)
{
    bool is_start = news->what == STORE_WANTS_STARTED;
    struct kept_event event = {.type = is_start ? KEPT_EVENT_STARTED : KEPT_EVENT_PROGRESS,
                               .fields = news->fields};
    kept_tell_followers(job, is_start ? KEPT_WANTS_STARTED : KEPT_WANTS_PROGRESS, &event);
}

static void tell_retry(struct kept *job, const struct store_news *news)
{
    struct kept_event event = {.type = KEPT_EVENT_RETRY,
                               .attempt = news->attempt,
                               .reason = news->reason,
                               .message = news->message,
                               .delay_ms = news->delay_ms};
    kept_tell_followers(job, KEPT_WANTS_RETRY, &event);
}

/* Of a copy: followers of a held job have heard of it here. */
static void on_told(void *arg, uint64_t seq, const struct store_news *news)
{
    struct kept *job = kept_record_find(arg, seq);
    if (!job || job->state != KEPT_ELSEWHERE)
        return;
    if (news->what == STORE_WANTS_RETRY)
        tell_retry(job, news);
    else
        tell_master_fields(job, news);
}

static void on_watched(void *arg, uint64_t seq, const char *state, uint32_t attempt,
                       const char *module, const char *reason)
{
    struct keep *keep = arg;
    const struct keep_watched watched = {
        .seq = seq, .state = state, .module = module, .reason = reason, .attempt = attempt};
    if (keep->observer_elsewhere)
        keep->observer_elsewhere(keep->observer_arg, &watched);
}

/* --- jobs that this node holds --- */

static void on_followed(void *arg, uint64_t seq, unsigned wants)
{
    struct kept *job = kept_record_find(arg, seq);
    struct stored_job *stored = !job ? NULL : job->handed ? job->handed : job->stored;
    if (stored)
        stored->others = wants & ~(unsigned)STORE_WANTS_NOTHING;
}

/* It may have gone back meanwhile: then the wish goes after it. */
static void on_stop(void *arg, uint64_t seq, bool kill, const char *by)
{
    kept_ask_stop(arg, seq, kill ? KEPT_ASK_KILL : KEPT_ASK_CANCEL, by)->is_noted = true;
}

const struct engine_news keep_news = {
    .up = on_up,
    .down = on_down,
    .work = on_work,
    .times = on_times,
    .paused = on_paused,
    .counted = on_counted,
    .orphans = on_orphans,
    .changed = on_changed,
    .told = on_told,
    .watched = on_watched,
    .followed = on_followed,
    .stop = on_stop,
    .expiring = on_expiring,
    .lost = on_lost,
};

bool keep_is_up(const struct keep *keep)
{
    return kept_is_up(keep);
}

void keep_set_observer_elsewhere(struct keep *keep,
                                 void (*call)(void *arg, const struct keep_watched *watched))
{
    keep->observer_elsewhere = call;
}
