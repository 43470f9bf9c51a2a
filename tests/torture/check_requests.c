/* check_requests: the operator's requests are answered, and a paused pool begins no job. */
#include "checker.h"

#include <inttypes.h>

enum {
    BEGUN_US = 200000,     /* from a worker's taking of a job to the job's first record */
    STOPPED_US = 10000000, /* longer than a worker is stopped */
    ANSWER_US = 15000000,
    RELOADED_US = 2000000, /* from the settings to their reload */
};

/* --- gathering --- */

static void end_pauses(struct check *check, uint8_t pool, uint64_t t_us)
{
    for (uint8_t each = 0; each < PLAN_POOLS; each++)
        if (pool == PLAN_POOLS || pool == each)
            check->resumed_us[each] = t_us;
    for (size_t i = 0; i < check->pause_count; i++) {
        struct known_pause *pause = &check->pauses[i];
        if (pause->to_us == UINT64_MAX && (pool == PLAN_POOLS || pause->pool == pool))
            pause->to_us = t_us;
    }
}

/* A removed pool is resumed. */
static void end_removed(struct check *check, const struct event *event)
{
    for (uint8_t pool = 0; pool < PLAN_POOLS; pool++)
        if (!check->history->layouts[event->a].pools[pool].pool_max)
            end_pauses(check, pool, event->t_us);
}

/* The ok of a pause may come behind the request to resume. */
static void begin_pauses(struct check *check, const struct known_request *request, uint64_t t_us)
{
    for (uint8_t pool = 0; pool < PLAN_POOLS; pool++)
        if ((request->pool == PLAN_POOLS || request->pool == pool) &&
            check->resumed_us[pool] < request->t_us)
            check->pauses[check->pause_count++] =
                (struct known_pause){.from_us = t_us, .to_us = UINT64_MAX, .pool = pool};
}

static void note_reply(struct check *check, const struct event *event)
{
    struct known_request *request = &check->requests[event->a];
    request->answered = true;
    if (request->ask == ASK_PAUSE && event->code == REPLY_OK)
        begin_pauses(check, request, event->t_us);
}

void check_requests_note(struct check *check, uint32_t epoch, const struct event *event)
{
    if (event->type == EV_REQUEST) {
        check->requests[event->a] = (struct known_request){
            .t_us = event->t_us, .epoch = epoch, .ask = event->code, .pool = (uint8_t)event->b};
        if (event->code == ASK_RESUME)
            end_pauses(check, (uint8_t)event->b, event->t_us);
    } else if (event->type == EV_REPLY) {
        note_reply(check, event);
    } else if (event->type == EV_SETTINGS) {
        end_removed(check, event);
    } else if (event->type == EV_EPOCH_END) {
        end_pauses(check, PLAN_POOLS, event->t_us);
    }
}

/* --- judging --- */

static bool was_stopped(const struct check *check, const struct side_job *side)
{
    for (size_t i = 0; i < check->stop_count; i++)
        if (check->stops[i].pid == (int32_t)side->start_pid &&
            check->stops[i].t_us <= side->start_us &&
            check->stops[i].t_us + STOPPED_US > side->start_us)
            return true;
    return false;
}

static void check_job(const struct check *check, uint32_t uid)
{
    const struct side_job *side = &check->side->jobs[uid];
    for (size_t i = 0; i < check->pause_count; i++) {
        const struct known_pause *pause = &check->pauses[i];
        if (pause->pool == check->jobs[uid].pool &&
            side->start_us > pause->from_us + BEGUN_US * check->scale &&
            side->start_us < pause->to_us && !was_stopped(check, side))
            check_tell_job(check, FINDING_UNEXPECTED, uid, "begun in a paused pool");
    }
}

static void check_answer(const struct check *check, const struct known_request *request,
                         uint64_t end_us)
{
    const struct known_epoch *epoch = &check->epochs[request->epoch];
    uint64_t until_us = epoch->over ? epoch->end_us : end_us;
    if (!request->answered && until_us > request->t_us + ANSWER_US * check->scale)
        finding_add(check->findings, FINDING_LOST,
                    "at %.3f s a request of the operator got no answer",
                    (double)(request->t_us - check->rest->started_us) / 1e6);
}

/* A reload may have removed the pool meanwhile. The next settings take effect late. */
static bool may_be_removed(const struct check *check, uint8_t pool, uint64_t from_us,
                           uint64_t to_us)
{
    for (size_t i = 0; pool < PLAN_POOLS && i < check->settings_count; i++) {
        const struct known_settings *s = &check->settings[i];
        bool over =
            i + 1 < check->settings_count && s[1].t_us + RELOADED_US * check->scale < from_us;
        if (!s->layout->pools[pool].pool_max && s->t_us <= to_us && !over)
            return true;
    }
    return false;
}

static void check_reply(const struct check *check, const struct event *event)
{
    const struct known_request *request = &check->requests[event->a];
    bool in_vain = event->code == REPLY_NO_POOL &&
                   may_be_removed(check, request->pool, request->t_us, event->t_us);
    if (event->code == REPLY_ERROR || (event->code == REPLY_NO_POOL && !in_vain))
        finding_add(check->findings, FINDING_UNEXPECTED,
                    "at %.3f s a right request of the operator is told an error",
                    (double)(event->t_us - check->rest->started_us) / 1e6);
}

void check_requests(const struct check *check)
{
    const struct history *history = check->history;
    uint64_t end_us = history->event_count ? history->events[history->event_count - 1].t_us : 0;
    for (uint32_t uid = 0; uid < history->job_count; uid++)
        if (check->side->jobs[uid].starts && check->jobs[uid].pool != NO_POOL)
            check_job(check, uid);
    for (uint64_t i = 1; i <= history->requests; i++)
        check_answer(check, &check->requests[i], end_us);
    for (size_t i = 0; i < history->event_count; i++)
        if (history->events[i].type == EV_REPLY)
            check_reply(check, &history->events[i]);
}
