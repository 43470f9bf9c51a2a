/* redis_subscription: see redis_subscription.h. */
#include "queue/redis/redis_subscription.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "queue/redis/redis_calls_internal.h"
#include "queue/redis/redis_command.h"
#include "queue/redis/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct channels {
    char *names[REDIS_CHANNELS_MAX]; /* with the prefix; owned */
    size_t count;
};

struct redis_subscription {
    struct redis_link link; /* its first member */
    struct redis_calls_watcher watcher;
    struct redis_calls *calls;
    struct redis_server server; /* of the calls: the address and its text are borrowed */
    bool may_start;             /* the calls are up */
    bool is_started;            /* the link */
    bool is_told;               /* the log has an error */
    const struct redis_subscription_ops *ops;
    void *arg;
    struct channels channels;
    size_t unconfirmed; /* SUBSCRIBE and UNSUBSCRIBE without an answer */
    struct timer ping;  /* a connection on which nothing is published must prove itself */
};

static struct redis_subscription *subscription_of(struct redis_link *link)
{
    return (struct redis_subscription *)link;
}

static struct timers *timers_of(const struct redis_subscription *subscription)
{
    return subscription->link.parts.loop->timers;
}

static const struct redis_settings *settings_of(const struct redis_subscription *subscription)
{
    return subscription->link.parts.settings;
}

/* --- channels --- */

static bool has(const struct channels *channels, const char *name)
{
    for (size_t i = 0; i < channels->count; i++)
        if (strcmp(channels->names[i], name) == 0)
            return true;
    return false;
}

static void free_channels(struct channels *channels)
{
    for (size_t i = 0; i < channels->count; i++)
        free(channels->names[i]);
    channels->count = 0;
}

/* Tells Redis of those that the others lack. */
static void ask(struct redis_subscription *subscription, const char *command,
                const struct channels *channels, const struct channels *others)
{
    for (size_t i = 0; i < channels->count; i++) {
        if (has(others, channels->names[i]))
            continue;
        REDIS_COMMAND(subscription->link.conn, command, channels->names[i]);
        redis_link_await(&subscription->link, 1);
        subscription->unconfirmed++;
    }
}

/* --- messages --- */

static void confirm(struct redis_subscription *subscription)
{
    if (!subscription->unconfirmed)
        return;
    redis_link_answered(&subscription->link);
    if (--subscription->unconfirmed)
        return;
    subscription->is_told = false;
    subscription->ops->listening(subscription->arg);
}

/* A channel that was left meanwhile is heard for a moment more. */
static void hear(struct redis_subscription *subscription, const struct redis_reply *message)
{
    size_t len, prefix = strlen(settings_of(subscription)->prefix);
    const char *channel = redis_reply_at(message, 1)->text;
    const char *text = redis_reply_text_at(message, 2, &len);
    if (has(&subscription->channels, channel))
        subscription->ops->heard(subscription->arg, channel + prefix, text, len);
}

static void take(struct redis_subscription *subscription, const struct redis_reply *reply)
{
    const struct redis_reply *kind = redis_reply_at(reply, 0);
    if (redis_reply_begins(kind, "message"))
        hear(subscription, reply);
    else if (redis_reply_begins(kind, "subscribe") || redis_reply_begins(kind, "unsubscribe"))
        confirm(subscription);
    else if (subscription->link.awaited > subscription->unconfirmed)
        redis_link_answered(&subscription->link); /* to PING */
}

/* The rights of our user lack the channels, most likely. All goes on without news, but slowly. */
static void tell_error(struct redis_subscription *subscription, const struct redis_reply *error)
{
    if (!subscription->is_told)
        log_event(LOG_ERROR, "redis-refused", LOG_STR("address", subscription->server.text),
                  LOG_STR("found", error->text), LOG_STR("expected", "that we may SUBSCRIBE"),
                  LOG_STR("hint", "doc/cluster.md has the line for Redis's ACL"));
    subscription->is_told = true;
}

static void leave_server(struct redis_subscription *subscription, const struct redis_reply *error)
{
    struct redis_fault fault = {.expected = NULL};
    tell_error(subscription, error);
    snprintf(fault.found, sizeof fault.found, "%s", error->text);
    redis_link_leave(&subscription->link, &fault);
}

/* A Redis that cannot write its disk refuses even PING, and publishes all the same. */
static bool proves_life(const struct redis_subscription *subscription,
                        const struct redis_reply *reply)
{
    return reply->type != REPLY_ERROR ||
           (redis_reply_begins(reply, "MISCONF") && !subscription->unconfirmed);
}

static void on_reply(struct redis_link *link, struct redis_reply *reply)
{
    struct redis_subscription *subscription = subscription_of(link);
    if (!proves_life(subscription, reply))
        leave_server(subscription, reply);
    else
        take(subscription, reply);
    redis_reply_free(reply);
}

/* --- the connection --- */

static void plan_ping(struct redis_subscription *subscription)
{
    timer_set_ms(timers_of(subscription), &subscription->ping,
                 settings_of(subscription)->timeout_ms);
}

static void on_ping(void *arg)
{
    struct redis_subscription *subscription = arg;
    if (!subscription->link.awaited) {
        REDIS_COMMAND(subscription->link.conn, "PING");
        redis_link_await(&subscription->link, 1);
    }
    plan_ping(subscription);
}

static void on_up(struct redis_link *link)
{
    struct redis_subscription *subscription = subscription_of(link);
    subscription->unconfirmed = 0;
    plan_ping(subscription);
    ask(subscription, "SUBSCRIBE", &subscription->channels, &(struct channels){.count = 0});
}

static void on_lost(struct redis_link *link, const char *why)
{
    struct redis_subscription *subscription = subscription_of(link);
    log_event(LOG_DEBUG, "redis-news-lost", LOG_STR("why", why));
    timer_clear(timers_of(subscription), &subscription->ping);
}

static const struct redis_link_ops ops = {.up = on_up, .reply = on_reply, .lost = on_lost};

static void start(struct redis_subscription *subscription)
{
    if (!subscription->may_start || !subscription->channels.count || subscription->is_started)
        return;
    subscription->is_started = true;
    redis_link_start(&subscription->link, &subscription->server, 1);
}

static void stop(struct redis_subscription *subscription)
{
    timer_clear(timers_of(subscription), &subscription->ping);
    subscription->is_started = false;
    redis_link_stop(&subscription->link);
}

/* --- the calls' side --- */

static struct redis_subscription *watching(struct redis_calls_watcher *watcher)
{
    return (struct redis_subscription *)((char *)watcher -
                                         offsetof(struct redis_subscription, watcher));
}

static void on_calls_up(struct redis_calls_watcher *watcher, struct redis_server *server)
{
    watching(watcher)->server =
        (struct redis_server){.address = server->address, .text = server->text};
    watching(watcher)->may_start = true;
    start(watching(watcher));
}

static void on_calls_down(struct redis_calls_watcher *watcher)
{
    watching(watcher)->may_start = false;
    stop(watching(watcher));
}

static void on_configured(struct redis_calls_watcher *watcher,
                          const struct redis_settings *settings)
{
    redis_link_configure(&watching(watcher)->link, settings);
}

/* --- the subscription --- */

struct redis_subscription *redis_subscription_new(struct redis_calls *calls,
                                                  const struct redis_subscription_ops *listener,
                                                  void *arg)
{
    struct redis_subscription *subscription = xcalloc(1, sizeof *subscription);
    subscription->calls = calls;
    subscription->ops = listener;
    subscription->arg = arg;
    subscription->watcher = (struct redis_calls_watcher){
        .up = on_calls_up, .down = on_calls_down, .configured = on_configured};
    redis_link_init(&subscription->link,
                    &(struct redis_link_parts){.loop = calls->parts.loop,
                                               .random = calls->parts.random,
                                               .settings = calls->parts.settings,
                                               .ops = &ops,
                                               .is_listener = true});
    timer_init(&subscription->ping, on_ping, subscription);
    redis_calls_watch(calls, &subscription->watcher);
    return subscription;
}

void redis_subscription_free(struct redis_subscription *subscription)
{
    redis_calls_watch(subscription->calls, NULL);
    stop(subscription);
    free_channels(&subscription->channels);
    free(subscription);
}

void redis_subscription_set(struct redis_subscription *subscription, const char *const *channels,
                            size_t count)
{
    struct channels before = subscription->channels, *after = &subscription->channels;
    bug_on(count > REDIS_CHANNELS_MAX);
    after->count = count;
    for (size_t i = 0; i < count; i++)
        after->names[i] = xasprintf("%s%s", settings_of(subscription)->prefix, channels[i]);
    if (redis_link_is_up(&subscription->link)) {
        ask(subscription, "SUBSCRIBE", after, &before);
        ask(subscription, "UNSUBSCRIBE", &before, after);
    } else {
        start(subscription);
    }
    free_channels(&before);
}
