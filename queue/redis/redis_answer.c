/*
 * redis_answer: a reply is an answer, or a reason to call again.
 *
 * Replies come in the order of sending. An error that changed nothing and passes puts the call back
 * into the line. Calls that wait for replicas are answered by the reply to WAIT.
 */
#include "queue/redis/redis_calls_internal.h"

#include "common/log.h"
#include "queue/redis/redis_error.h"
#include "queue/redis/settings.h"

#include <stdio.h>

/* --- the log --- */

/* What passes is told at its beginning and after its end. */
static void note_unready(struct redis_calls *calls, const struct redis_reply *error)
{
    if (log_episode_noticed(&calls->unready, calls->parts.loop->timers))
        log_event(LOG_WARN, "redis-not-ready",
                  LOG_STR("address", redis_link_server(&calls->link)->text),
                  LOG_STR("why", error->text));
}

static void on_ready(void *arg)
{
    struct redis_calls *calls = arg;
    if (log_episode_over(&calls->unready, calls->parts.loop->timers, timer_is_set(&calls->pause)))
        log_event(LOG_INFO, "redis-ready", LOG_UINT("errors", calls->unready.count),
                  LOG_UINT("seconds", log_episode_seconds(&calls->unready)));
}

static void note_unsafe(struct redis_calls *calls, uint64_t replicas)
{
    if (log_episode_noticed(&calls->unsafe, calls->parts.loop->timers))
        log_event(LOG_WARN, "redis-replicas-missing",
                  LOG_STR("address", redis_link_server(&calls->link)->text),
                  LOG_UINT("found", replicas),
                  LOG_UINT("expected", calls->parts.settings->replicas),
                  LOG_STR("hint", "start replicas, or set redis-wait lower"));
}

static void on_safe(void *arg)
{
    struct redis_calls *calls = arg;
    if (log_episode_over(&calls->unsafe, calls->parts.loop->timers,
                         !TAILQ_EMPTY(&calls->lists[CALL_REPLIED])))
        log_event(LOG_INFO, "redis-replicas-back",
                  LOG_UINT("seconds", log_episode_seconds(&calls->unsafe)));
}

static void note_failed(struct redis_calls *calls, const struct redis_call *call,
                        const struct redis_reply *error)
{
    if (log_limit_allows(&calls->failed))
        log_event(LOG_ERROR, "redis-failed", LOG_STR("script", call->script->name),
                  LOG_STR("why", error->type == REPLY_ERROR ? error->text : "an unknown reply"),
                  LOG_STR("hint", "is another program's data under redis-prefix?"));
}

/* --- again --- */

/* Nothing was changed by the call this time. An owner that was told LATE is not served later than
 * that, if nothing was changed before either. */
static void call_again(struct redis_call *call)
{
    redis_call_move(call, CALL_AGAIN);
    if (call->is_told && !redis_call_may_be_done(call))
        redis_call_tell(call, REDIS_UNSENT, NULL, true);
}

static void leave_server(struct redis_calls *calls, const struct redis_reply *error)
{
    struct redis_fault fault = {.expected = NULL};
    snprintf(fault.found, sizeof fault.found, "%s", error->text);
    redis_link_leave(&calls->link, &fault);
}

/* The server works again. */
static void forget_pauses(struct redis_calls *calls)
{
    backoff_forget(&calls->pauses);
}

static void fail(struct redis_call *call, const struct redis_reply *reply)
{
    note_failed(call->calls, call, reply);
    redis_call_move(call, CALL_REPLIED);
    redis_call_tell(call, REDIS_FAILED, reply, true);
}

static void give_up_full(struct redis_call *call, const struct redis_reply *error)
{
    redis_call_move(call, CALL_REPLIED);
    redis_call_tell(call, REDIS_FULL, error, true);
}

static void pause_for(struct redis_call *call, const struct redis_reply *error)
{
    struct redis_calls *calls = call->calls;
    note_unready(calls, error);
    redis_send_pause(calls);
    call_again(call);
}

static void take_error(struct redis_call *call, const struct redis_reply *error)
{
    struct redis_calls *calls = call->calls;
    enum redis_error kind = redis_error_of(error);
    if (kind == REDIS_ERROR_FATAL) {
        fail(call, error);
    } else if (kind == REDIS_ERROR_FULL && call->kind->gives_up_full) {
        give_up_full(call, error);
    } else if (kind == REDIS_ERROR_NO_PRIMARY) {
        call_again(call);
        leave_server(calls, error);
    } else {
        calls->has_to_load |= kind == REDIS_ERROR_NO_SCRIPT;
        pause_for(call, error);
    }
}

/* --- answers --- */

static void measure(struct redis_call *call)
{
    struct redis_calls *calls = call->calls;
    uint64_t us = calls->parts.loop->timers->now_us - call->sent_us;
    uint64_t mean = calls->round_trip_us;
    calls->round_trip_us = mean ? (mean * 7 + us) / 8 : us + 1;
}

static void tell(struct redis_call *call)
{
    redis_call_tell(call, REDIS_ANSWERED, call->reply, true);
}

static void tell_replied(struct redis_calls *calls)
{
    struct redis_call *call;
    while ((call = TAILQ_FIRST(&calls->lists[CALL_REPLIED])))
        tell(call);
}

/* Takes the reply over. */
static void take_answer(struct redis_call *call, struct redis_reply *reply)
{
    struct redis_calls *calls = call->calls;
    measure(call);
    forget_pauses(calls);
    call->reply = reply;
    redis_call_move(call, CALL_REPLIED);
    if (!calls->parts.settings->replicas || call->kind->is_prompt)
        tell(call);
}

static bool is_answer(const struct redis_reply *reply)
{
    return reply->type == REPLY_LIST && redis_reply_at(reply, 0)->type == REPLY_NUMBER;
}

/* --- replies to commands of ours --- */

static void take_wait(struct redis_calls *calls, const struct redis_reply *reply)
{
    uint64_t replicas = redis_reply_number(reply);
    calls->is_waiting = false;
    if (reply->type == REPLY_ERROR) {
        leave_server(calls, reply);
        return;
    }
    if (replicas >= calls->parts.settings->replicas)
        tell_replied(calls);
    else
        note_unsafe(calls, replicas);
    redis_send(calls);
}

/* A script that cannot be loaded is missed again, after the pause. */
static void take_own(struct redis_calls *calls, enum redis_call_role role,
                     const struct redis_reply *reply)
{
    if (role == CALL_WAIT)
        take_wait(calls, reply);
    else if (reply->type == REPLY_ERROR)
        note_unready(calls, reply);
}

/* --- */

static void take(struct redis_call *call, struct redis_reply *reply)
{
    if (is_answer(reply)) {
        take_answer(call, reply);
        return;
    }
    if (reply->type == REPLY_ERROR)
        take_error(call, reply);
    else
        fail(call, reply);
    redis_reply_free(reply);
}

void redis_answer_take(struct redis_calls *calls, struct redis_reply *reply)
{
    struct redis_call *call = TAILQ_FIRST(&calls->lists[CALL_SENT]);
    if (!call) {
        redis_reply_free(reply);
        redis_link_leave(&calls->link,
                         &(struct redis_fault){.found = "a reply came without a call"});
        return;
    }
    redis_link_answered(&calls->link);
    if (call->role == CALL_SCRIPT && !call->is_over) {
        take(call, reply);
        return;
    }
    enum redis_call_role role = call->role;
    redis_call_free(call);
    if (role != CALL_SCRIPT)
        take_own(calls, role, reply);
    redis_reply_free(reply);
}

void redis_answer_init(struct redis_calls *calls)
{
    struct timers *timers = calls->parts.loop->timers;
    timer_init(&calls->unready.over, on_ready, calls);
    timer_init(&calls->unsafe.over, on_safe, calls);
    log_limit_init(&calls->failed, timers, LOG_ERROR, "redis-failed");
}
