/* shutdown: see shutdown.h. */
#include "gateway/shutdown.h"

#include "common/log.h"
#include "gateway/http/http.h"

static void end(struct shutdown *s)
{
    timer_clear(s->timers, &s->timer);
    s->phase = SHUTDOWN_ENDED;
}

static void begin_drain(struct shutdown *s, const char *why)
{
    log_event(LOG_INFO, "drain", LOG_STR("why", why),
              LOG_UINT("requests", http_server_exchanges(s->server)),
              LOG_UINT("timeout_ms", s->settings->drain_timeout_ms));
    s->phase = SHUTDOWN_DRAINING;
    timer_set_ms(s->timers, &s->timer, s->settings->drain_timeout_ms);
    s->close(s->arg);
    http_server_drain(s->server);
}

static void end_at_once(struct shutdown *s, const char *event)
{
    log_event(LOG_WARN, event, LOG_UINT("requests", http_server_exchanges(s->server)));
    end(s);
}

static void on_timer(void *arg)
{
    end_at_once(arg, "drain-timeout");
}

void shutdown_ask(struct shutdown *s, const char *why)
{
    if (s->phase == SHUTDOWN_RUNNING)
        begin_drain(s, why);
    else if (s->phase == SHUTDOWN_DRAINING)
        end_at_once(s, "end-at-once");
}

void shutdown_turn(struct shutdown *s)
{
    if (s->phase == SHUTDOWN_DRAINING && !http_server_connections(s->server))
        end(s);
}

void shutdown_init(struct shutdown *s)
{
    timer_init(&s->timer, on_timer, s);
}

void shutdown_free(struct shutdown *s)
{
    timer_clear(s->timers, &s->timer);
}
