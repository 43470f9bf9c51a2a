/*
 * redis_send: posted calls are written, and WAIT behind them.
 *
 * With redis-wait, a batch of calls is followed by WAIT, and nothing more is sent before it is
 * answered: while replicas take one batch, the next one gathers. Redis would not look at it earlier
 * in any case.
 */
#include "queue/redis/redis_calls_internal.h"

#include "common/xmalloc.h"
#include "queue/redis/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAUSE_FIRST_MS = 100,
    PAUSE_MOST_MS = 1000,
    WAIT_MOST_MS = 500, /* of one WAIT: the calls behind it, a renewal among them, wait so long */
};

static void write_call(struct redis_calls *calls, struct redis_call *call)
{
    call->sent_us = calls->parts.loop->timers->now_us;
    redis_call_write(call, calls->link.conn);
    redis_link_await(&calls->link, 1);
    redis_call_move(call, CALL_SENT);
}

/* --- commands of ours --- */

static void write_words(struct redis_calls *calls, enum redis_call_role role,
                        const char *const words[3])
{
    struct redis_call *call = redis_call_make(calls, role);
    for (size_t i = 0; i < 3; i++)
        redis_call_word(call, words[i], strlen(words[i]));
    write_call(calls, call);
}

static void write_loads(struct redis_calls *calls)
{
    for (size_t i = 0; i < calls->parts.script_count; i++)
        write_words(calls, CALL_LOAD,
                    (const char *const[]){"SCRIPT", "LOAD", calls->parts.scripts[i].text});
    calls->has_to_load = false;
}

/* WAIT waits for the last change of its own connection, in newer servers. Calls that are made again
 * change nothing, so a change is made here: nobody listens to the message, but replicas take it. */
static void write_publish(struct redis_calls *calls)
{
    char *channel = xasprintf("%swait", calls->parts.settings->prefix);
    write_words(calls, CALL_PUBLISH, (const char *const[]){"PUBLISH", channel, ""});
    free(channel);
    calls->has_to_publish = false;
}

static uint32_t wait_ms(const struct redis_settings *settings)
{
    uint32_t part = settings->timeout_ms / 4;
    return part < WAIT_MOST_MS ? part : WAIT_MOST_MS;
}

static void write_wait(struct redis_calls *calls)
{
    const struct redis_settings *settings = calls->parts.settings;
    char replicas[16], ms[16];
    if (calls->has_to_publish)
        write_publish(calls);
    snprintf(replicas, sizeof replicas, "%u", settings->replicas);
    snprintf(ms, sizeof ms, "%u", wait_ms(settings));
    write_words(calls, CALL_WAIT, (const char *const[]){"WAIT", replicas, ms});
    calls->is_waiting = true;
    calls->unwaited = 0;
}

/* --- calls --- */

static void write_list(struct redis_calls *calls, enum redis_call_state state)
{
    struct redis_call *call;
    while ((call = TAILQ_FIRST(&calls->lists[state]))) {
        calls->unwaited += !call->kind->is_prompt;
        write_call(calls, call);
    }
}

static bool may_send(const struct redis_calls *calls)
{
    return redis_link_is_up(&calls->link) && !timer_is_set(&calls->pause) && !calls->is_waiting;
}

void redis_send(struct redis_calls *calls)
{
    timer_clear(calls->parts.loop->timers, &calls->send);
    if (!may_send(calls))
        return;
    if (calls->has_to_load)
        write_loads(calls);
    write_list(calls, CALL_AGAIN);
    write_list(calls, CALL_POSTED);
    if (calls->parts.settings->replicas &&
        (calls->unwaited || !TAILQ_EMPTY(&calls->lists[CALL_REPLIED])))
        write_wait(calls);
}

static void on_time(void *arg)
{
    redis_send(arg);
}

void redis_send_pause(struct redis_calls *calls)
{
    if (!timer_is_set(&calls->pause))
        timer_set_ms(calls->parts.loop->timers, &calls->pause,
                     backoff_next_ms(&calls->pauses, calls->parts.random()));
}

void redis_send_init(struct redis_calls *calls)
{
    timer_init(&calls->send, on_time, calls);
    timer_init(&calls->pause, on_time, calls);
    calls->pauses = (struct backoff){.first_ms = PAUSE_FIRST_MS, .most_ms = PAUSE_MOST_MS};
}
