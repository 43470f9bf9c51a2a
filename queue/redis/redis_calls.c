/* redis_calls: see redis_calls.h. */
#include "queue/redis/redis_calls_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "queue/redis/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct redis_calls *calls_of(struct redis_link *link)
{
    return (struct redis_calls *)link; /* its first member */
}

/* --- the connection --- */

static void on_up(struct redis_link *link)
{
    struct redis_calls *calls = calls_of(link);
    calls->ups++;
    calls->has_to_publish = true;
    redis_send(calls);
    calls->parts.up(calls->parts.arg);
    if (calls->watcher)
        calls->watcher->up(calls->watcher, redis_link_server(link));
}

/* The call has no reply any more, or none that counts. */
static void take_back(struct redis_call *call)
{
    if (call->role != CALL_SCRIPT || call->is_over) {
        redis_call_free(call);
        return;
    }
    redis_reply_free(call->reply);
    call->reply = NULL;
    call->is_unsure = true;
    redis_call_move(call, CALL_AGAIN);
}

/* What replicas may not have is called again, too: one of them may be the primary by now. Calls
 * that were to be sent again come behind: they were sent later, or were answered by an error. */
static void take_all_back(struct redis_calls *calls)
{
    struct redis_call_list behind = TAILQ_HEAD_INITIALIZER(behind);
    struct redis_call *call;
    TAILQ_CONCAT(&behind, &calls->lists[CALL_AGAIN], link);
    while ((call = TAILQ_FIRST(&calls->lists[CALL_REPLIED])))
        take_back(call);
    while ((call = TAILQ_FIRST(&calls->lists[CALL_SENT])))
        take_back(call);
    TAILQ_CONCAT(&calls->lists[CALL_AGAIN], &behind, link);
}

static void on_lost(struct redis_link *link, const char *why)
{
    struct redis_calls *calls = calls_of(link);
    free(calls->why);
    calls->why = xstrdup(why);
    timer_clear(calls->parts.loop->timers, &calls->pause);
    calls->is_waiting = calls->has_to_load = false;
    calls->unwaited = 0;
    take_all_back(calls);
    if (calls->watcher)
        calls->watcher->down(calls->watcher);
    calls->parts.down(calls->parts.arg, calls->why);
}

static void on_reply(struct redis_link *link, struct redis_reply *reply)
{
    redis_answer_take(calls_of(link), reply);
}

static const struct redis_link_ops ops = {.up = on_up, .reply = on_reply, .lost = on_lost};

/* --- deadlines --- */

static void end_late(struct redis_call *call)
{
    if (!redis_call_may_be_done(call))
        redis_call_tell(call, REDIS_UNSENT, NULL, true);
    else
        redis_call_tell(call, REDIS_LATE, NULL, !call->kind->is_change);
}

/* All deadlines are equally long: the first posted is the first over. */
static void on_over(void *arg)
{
    struct redis_calls *calls = arg;
    struct timers *timers = calls->parts.loop->timers;
    struct redis_call *call;
    while ((call = TAILQ_FIRST(&calls->deadlines)) && call->due_us <= timers->now_us)
        end_late(call);
    if (call)
        timer_set(timers, &calls->over, call->due_us);
}

static void set_deadline(struct redis_call *call)
{
    struct redis_calls *calls = call->calls;
    struct timers *timers = calls->parts.loop->timers;
    call->has_deadline = true;
    call->due_us = timers->now_us + calls->parts.settings->timeout_ms * 1000ull;
    TAILQ_INSERT_TAIL(&calls->deadlines, call, deadline);
    if (!timer_is_set(&calls->over))
        timer_set(timers, &calls->over, call->due_us);
}

/* --- posting --- */

void redis_call_post(struct redis_call *call, const struct redis_call_kind *kind, void *arg)
{
    struct redis_calls *calls = call->calls;
    call->kind = kind;
    call->arg = arg;
    redis_call_move(call, CALL_POSTED);
    if (kind->has_deadline)
        set_deadline(call);
    if (!timer_is_set(&calls->send))
        timer_set_next(calls->parts.loop->timers, &calls->send);
}

void redis_calls_flush(struct redis_calls *calls)
{
    if (timer_is_set(&calls->send))
        redis_send(calls);
}

/* --- all of them --- */

struct redis_calls *redis_calls_new(const struct redis_calls_parts *parts, char *error,
                                    size_t error_size)
{
    const struct option_list *texts = &parts->settings->servers;
    struct redis_server *servers = redis_servers_new(texts, error, error_size);
    if (!servers)
        return NULL;
    struct redis_calls *calls = xcalloc(1, sizeof *calls);
    calls->parts = *parts;
    calls->servers = servers;
    calls->server_count = texts->count;
    for (size_t i = 0; i < CALL_STATES; i++)
        TAILQ_INIT(&calls->lists[i]);
    TAILQ_INIT(&calls->deadlines);
    timer_init(&calls->over, on_over, calls);
    redis_send_init(calls);
    redis_answer_init(calls);
    snprintf(calls->token, sizeof calls->token, "%016" PRIx64, parts->random());
    redis_link_init(&calls->link, &(struct redis_link_parts){.loop = parts->loop,
                                                             .random = parts->random,
                                                             .settings = parts->settings,
                                                             .scripts = parts->scripts,
                                                             .script_count = parts->script_count,
                                                             .ops = &ops});
    return calls;
}

void redis_calls_start(struct redis_calls *calls)
{
    redis_link_start(&calls->link, calls->servers, calls->server_count);
}

void redis_calls_configure(struct redis_calls *calls, const struct redis_settings *settings)
{
    calls->parts.settings = settings;
    redis_link_configure(&calls->link, settings);
    if (calls->watcher)
        calls->watcher->configured(calls->watcher, settings);
}

void redis_calls_watch(struct redis_calls *calls, struct redis_calls_watcher *watcher)
{
    calls->watcher = watcher;
    if (watcher && redis_link_is_up(&calls->link))
        watcher->up(watcher, redis_link_server(&calls->link));
}

/* The owners may post more in the call, which end likewise. */
static void end_all(struct redis_calls *calls)
{
    static const enum redis_call_state states[] = {CALL_AGAIN, CALL_POSTED};
    struct redis_call *call;
    take_all_back(calls);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        while ((call = TAILQ_FIRST(&calls->lists[states[i]])))
            redis_call_tell(call, redis_call_may_be_done(call) ? REDIS_LATE : REDIS_UNSENT, NULL,
                            true);
}

void redis_calls_free(struct redis_calls *calls)
{
    struct timers *timers = calls->parts.loop->timers;
    redis_link_stop(&calls->link);
    end_all(calls);
    log_limit_end(&calls->failed);
    timer_clear(timers, &calls->failed.second);
    timer_clear(timers, &calls->unready.over);
    timer_clear(timers, &calls->unsafe.over);
    timer_clear(timers, &calls->over);
    timer_clear(timers, &calls->send);
    timer_clear(timers, &calls->pause);
    redis_servers_free(calls->servers, calls->server_count);
    free(calls->why);
    free(calls);
}

/* --- views --- */

/* While away: the last attempt's reason, or the end of the connection. */
static const char *why_away(const struct redis_calls *calls)
{
    for (size_t i = 0; i < calls->server_count; i++)
        if (calls->servers[i].has_fault)
            return calls->servers[i].fault.found;
    return calls->why;
}

struct redis_calls_view redis_calls_view(const struct redis_calls *calls)
{
    bool is_up = redis_link_is_up(&calls->link);
    return (struct redis_calls_view){
        .is_up = is_up,
        .server = is_up ? redis_link_server(&calls->link)->text : NULL,
        .why = is_up ? NULL : why_away(calls),
        .version = calls->link.greeting.info.version,
        .up_us = calls->link.up_us,
        .reconnects = calls->ups ? calls->ups - 1 : 0,
        .round_trip_us = calls->round_trip_us,
        .unanswered = calls->count,
        .may_lose = is_up && redis_info_may_lose(&calls->link.greeting.info),
    };
}
