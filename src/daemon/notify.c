/* notify: see notify.h. */
#include "daemon/notify.h"

#include "base/clock.h"
#include "common/log.h"
#include "daemon/manager_env.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    AGAIN_MS = 100,        /* until a message without room is tried again */
    STATUS_US = 1000000,   /* between two looks at the status */
    BEYOND_MS = 10 * 1000, /* asked for beyond the daemon's own limit for its end */
};

/* --- messages --- */

static void note_failure(struct notify *notify)
{
    if (!notify->failed)
        log_event(LOG_WARN, "notify-failed", LOG_STR("socket", getenv("NOTIFY_SOCKET")),
                  LOG_STR("why", strerror(errno)),
                  LOG_STR("hint", "the service manager does not hear of this daemon"));
    notify->failed = true;
}

/* False if the manager had no room. A message that cannot be sent at all is lost. */
static bool send_text(struct notify *notify, const char *text)
{
    const struct sockaddr *to = (const struct sockaddr *)&notify->to;
    ssize_t sent =
        sendto(notify->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, to, notify->to_len);
    if (sent >= 0)
        notify->failed = false;
    else if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == EINTR)
        return false;
    else
        note_failure(notify);
    return true;
}

static void send_unsent(void *arg)
{
    struct notify *notify = arg;
    if (send_text(notify, notify->unsent))
        notify->unsent[0] = '\0';
    else
        timer_set_ms(notify->timers, &notify->again, AGAIN_MS);
}

/* A new state takes the place of one that was never told. */
__attribute__((format(printf, 2, 3))) static void tell_state(struct notify *notify, const char *fmt,
                                                             ...)
{
    va_list args;
    if (notify->fd < 0)
        return;
    va_start(args, fmt);
    vsnprintf(notify->unsent, sizeof notify->unsent, fmt, args);
    va_end(args);
    timer_clear(notify->timers, &notify->again);
    send_unsent(notify);
}

/* --- the watchdog --- */

static void on_watchdog(void *arg)
{
    struct notify *notify = arg;
    bool told = send_text(notify, "WATCHDOG=1");
    uint64_t wait_us = told ? notify->watchdog_us : AGAIN_MS * 1000ull;
    timer_set(notify->timers, &notify->watchdog, notify->timers->now_us + wait_us);
}

/* Without WATCHDOG_PID the limit is for any process. */
static void begin_watchdog(struct notify *notify)
{
    uint64_t limit_us;
    if (!manager_env_number("WATCHDOG_USEC", &limit_us) ||
        (getenv("WATCHDOG_PID") && !manager_env_is_ours("WATCHDOG_PID")))
        return;
    notify->watchdog_us = limit_us / 2;
    if (notify->watchdog_us)
        timer_set(notify->timers, &notify->watchdog, notify->timers->now_us);
}

/* --- the life of the daemon --- */

static void tell_ready(struct notify *notify)
{
    notify->phase = NOTIFY_READY;
    timer_clear(notify->timers, &notify->start);
    tell_state(notify, "READY=1");
}

static bool is_ready(const struct notify *notify)
{
    return !notify->ops->is_ready || notify->ops->is_ready(notify->arg);
}

/* Clients are better served late than never. */
static void on_start_over(void *arg)
{
    tell_ready(arg);
}

void notify_listening(struct notify *notify, uint32_t ready_ms)
{
    if (notify->fd < 0)
        return;
    begin_watchdog(notify);
    if (is_ready(notify))
        tell_ready(notify);
    else
        timer_set_ms(notify->timers, &notify->start, ready_ms);
}

void notify_reloading(struct notify *notify)
{
    if (notify->phase == NOTIFY_READY)
        tell_state(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_read_us(CLOCK_MONOTONIC));
}

void notify_reloaded(struct notify *notify)
{
    if (notify->phase == NOTIFY_READY)
        tell_state(notify, "READY=1");
}

/* A unit's own limit may be shorter than the settings: more time is asked for. */
void notify_stopping(struct notify *notify, uint64_t within_ms)
{
    if (notify->phase == NOTIFY_STOPPING)
        return;
    notify->phase = NOTIFY_STOPPING;
    timer_clear(notify->timers, &notify->start);
    tell_state(notify, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, (within_ms + BEYOND_MS) * 1000);
}

/* --- the status --- */

/* A status without room at the manager is told with the next look. */
static void look_at_status(struct notify *notify)
{
    char text[NOTIFY_STATUS_MAX] = "", message[NOTIFY_STATUS_MAX + sizeof "STATUS="];
    notify->ops->status(notify->arg, text);
    notify->look_us = notify->timers->now_us + STATUS_US;
    if (strcmp(text, notify->status) == 0)
        return;
    snprintf(message, sizeof message, "STATUS=%s", text);
    if (send_text(notify, message))
        memcpy(notify->status, text, sizeof text);
}

static void on_look(void *arg)
{
    struct notify *notify = arg;
    notify->look_now = true;
}

/* A timer set for a time gone by would look like a stop of the loop. */
static void plan_look(struct notify *notify)
{
    uint64_t now = notify->timers->now_us;
    timer_set(notify->timers, &notify->look, notify->look_us > now ? notify->look_us : now);
}

/* Looks behind the work of the turn. Any other turn may change the status, and plans a look; the
 * turn of a look plans none, so an idle daemon sleeps. */
static void turn_status(struct notify *notify)
{
    if (notify->look_now)
        look_at_status(notify);
    else if (!timer_is_set(&notify->look))
        plan_look(notify);
    notify->look_now = false;
}

void notify_turn(struct notify *notify)
{
    if (notify->fd < 0)
        return;
    if (timer_is_set(&notify->start) && is_ready(notify))
        tell_ready(notify);
    if (notify->ops->status)
        turn_status(notify);
}

/* --- begin and end --- */

/* A path, or @ and an abstract name. False for any other socket. */
static bool find_manager(struct notify *notify, const char *name)
{
    struct sockaddr_un *to = &notify->to;
    size_t len = strlen(name);
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((*name != '/' && *name != '@') || len >= sizeof to->sun_path)
        return false;
    memcpy(to->sun_path, name, len);
    if (*name == '@')
        to->sun_path[0] = '\0';
    notify->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*name == '/'));
    return true;
}

static void open_socket(struct notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name || !*name)
        return;
    errno = EAFNOSUPPORT;
    if (find_manager(notify, name))
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd < 0)
        note_failure(notify);
}

void notify_init(struct notify *notify)
{
    notify->fd = -1;
    timer_init(&notify->start, on_start_over, notify);
    timer_init(&notify->again, send_unsent, notify);
    timer_init(&notify->look, on_look, notify);
    timer_init(&notify->watchdog, on_watchdog, notify);
    open_socket(notify);
}

void notify_free(struct notify *notify)
{
    timer_clear(notify->timers, &notify->start);
    timer_clear(notify->timers, &notify->again);
    timer_clear(notify->timers, &notify->look);
    timer_clear(notify->timers, &notify->watchdog);
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}
