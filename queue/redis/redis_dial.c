/* redis_dial: see redis_dial.h. */
#include "queue/redis/redis_dial.h"

#include <stddef.h>
#include <stdio.h>

static void on_connected(struct connector *connector, int fd, const char *why)
{
    struct redis_dial *dial =
        (struct redis_dial *)((char *)connector - offsetof(struct redis_dial, connector));
    dial->done(dial, fd, why);
}

static void on_found(void *arg, const struct address *address, const char *why)
{
    struct redis_dial *dial = arg;
    dial->lookup = NULL;
    timer_clear(dial->connector.timers, &dial->late);
    if (!address) {
        dial->done(dial, -1, why);
        return;
    }
    dial->server->address = *address;
    connector_begin(&dial->connector, address, dial->timeout_ms);
}

/* Also in the next turn, if there was no look-up. */
static void on_late(void *arg)
{
    struct redis_dial *dial = arg;
    redis_lookup_forget(dial->lookup);
    dial->lookup = NULL;
    dial->done(dial, -1, dial->why);
}

static void look_up(struct redis_dial *dial)
{
    struct timers *timers = dial->connector.timers;
    dial->lookup = redis_lookup_begin(dial->connector.base, dial->server->text, on_found, dial);
    if (dial->lookup) {
        snprintf(dial->why, sizeof dial->why, "no answer of the resolver within %u ms",
                 dial->timeout_ms);
        timer_set_ms(timers, &dial->late, dial->timeout_ms);
    } else {
        snprintf(dial->why, sizeof dial->why, "there is no thread for the resolver");
        timer_set_next(timers, &dial->late);
    }
}

void redis_dial_init(struct redis_dial *dial, struct event_base *base, struct timers *timers,
                     void (*done)(struct redis_dial *dial, int fd, const char *why))
{
    *dial = (struct redis_dial){.done = done};
    connector_init(&dial->connector, base, timers, on_connected);
    timer_init(&dial->late, on_late, dial);
}

void redis_dial_begin(struct redis_dial *dial, struct redis_server *server, uint32_t timeout_ms)
{
    dial->server = server;
    dial->timeout_ms = timeout_ms;
    if (server->is_name)
        look_up(dial);
    else
        connector_begin(&dial->connector, &server->address, timeout_ms);
}

void redis_dial_cancel(struct redis_dial *dial)
{
    timer_clear(dial->connector.timers, &dial->late);
    redis_lookup_forget(dial->lookup);
    dial->lookup = NULL;
    connector_cancel(&dial->connector);
}
