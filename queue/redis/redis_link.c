/* redis_link: see redis_link.h. */
#include "queue/redis/redis_link.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "net/transport.h"
#include "queue/redis/settings.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PAUSE_FIRST_MS = 100,
    PAUSE_MOST_MS = 5000,
    PAUSES_OF_LEASE = 4,   /* a node is back within a part of its lease */
    LASTED_MS = 2000,      /* after a connection of so long the pauses begin anew */
    PIECE_MAX = 16 * 1024, /* bytes of replies, before the loop looks at the clock */
    BEHIND_MS = 10,        /* the deadline moves on by this while unread input waits */
};

/* The link has a line of its own in the loop. Its deadline for reading and writing is here. */
static const struct conn_limits limits = {.output_pause = UINT64_MAX, .own = true};

struct redis_connection {
    struct conn conn;
    struct redis_link *link;
};

static struct redis_link *link_of(struct conn *conn)
{
    return ((struct redis_connection *)conn)->link; /* conn is its first member */
}

static struct timers *timers_of(const struct redis_link *link)
{
    return link->parts.loop->timers;
}

/* --- states --- */

static void set_state(struct redis_link *link, enum redis_link_state state)
{
    static const bool may[REDIS_LINK_STATES][REDIS_LINK_STATES] = {
        [REDIS_LINK_AWAY] = {[REDIS_LINK_AWAY] = true, [REDIS_LINK_CONNECTING] = true},
        [REDIS_LINK_CONNECTING] = {[REDIS_LINK_AWAY] = true, [REDIS_LINK_GREETING] = true},
        [REDIS_LINK_GREETING] = {[REDIS_LINK_AWAY] = true, [REDIS_LINK_UP] = true},
        [REDIS_LINK_UP] = {[REDIS_LINK_AWAY] = true},
    };
    bug_on(!may[link->state][state]);
    link->state = state;
}

static void close_connection(struct redis_link *link)
{
    if (link->conn)
        conn_close(link->conn);
    link->conn = NULL;
    redis_reader_free(link->reader);
    link->reader = NULL;
    link->awaited = 0;
}

/* --- the end, and the next attempt --- */

static void tell_all(struct redis_link *link)
{
    for (size_t i = 0; i < link->count; i++)
        redis_server_tell(&link->servers[i]);
}

static void pause_attempts(struct redis_link *link)
{
    link->tried = 0;
    tell_all(link);
    timer_set_ms(timers_of(link), &link->next,
                 backoff_next_ms(&link->pauses, link->parts.random()));
}

/* Each server is tried once in a round: one of them may be the primary by now. */
static void try_next(struct redis_link *link)
{
    link->at = (link->at + 1) % link->count;
    if (++link->tried < link->count)
        timer_set_next(timers_of(link), &link->next);
    else
        pause_attempts(link);
}

static void go_away(struct redis_link *link)
{
    set_state(link, REDIS_LINK_AWAY);
    timer_clear(timers_of(link), &link->next);
    close_connection(link);
}

/* The attempt has come to nothing. */
static void fail(struct redis_link *link, const struct redis_fault *fault)
{
    go_away(link);
    redis_server_failed(redis_link_server(link), fault);
    try_next(link);
}

static void tell_loss(const struct redis_link *link, const struct redis_fault *fault)
{
    if (!link->parts.is_listener)
        log_event(LOG_WARN, "redis-lost", LOG_STR("address", redis_link_server(link)->text),
                  LOG_STR("why", fault->found), LOG_STR_OPT("hint", fault->hint));
}

/* A server that ends each connection at once is tried as one that is away. */
static bool has_lasted(const struct redis_link *link)
{
    return timers_of(link)->now_us - link->up_us >= LASTED_MS * 1000ull;
}

/* The connection was up. With several servers, the next one may have taken over. */
static void lose(struct redis_link *link, const struct redis_fault *fault)
{
    tell_loss(link, fault);
    if (has_lasted(link))
        backoff_forget(&link->pauses);
    go_away(link);
    redis_server_failed(redis_link_server(link), fault);
    redis_link_server(link)->is_told = true;
    link->tried = 0;
    if (link->count > 1 && has_lasted(link))
        try_next(link);
    else
        pause_attempts(link);
    link->parts.ops->lost(link, fault->found);
}

static void end(struct redis_link *link, const struct redis_fault *fault)
{
    if (link->state == REDIS_LINK_UP)
        lose(link, fault);
    else
        fail(link, fault);
}

static void end_by(struct redis_link *link, const char *why)
{
    struct redis_fault fault = {.expected = NULL};
    snprintf(fault.found, sizeof fault.found, "%s", why);
    end(link, &fault);
}

/* --- replies --- */

static void go_up(struct redis_link *link)
{
    struct redis_server *server = redis_link_server(link);
    set_state(link, REDIS_LINK_UP);
    timer_clear(timers_of(link), &link->next);
    link->up_us = timers_of(link)->now_us;
    link->tried = 0;
    for (size_t i = 0; i < link->count; i++)
        redis_server_works(&link->servers[i]);
    if (!link->parts.is_listener)
        log_event(LOG_INFO, "redis-connected", LOG_STR("address", server->text),
                  LOG_STR("version", link->greeting.info.version));
    if (!link->parts.is_listener && redis_info_may_lose(&link->greeting.info))
        log_event(LOG_WARN, "redis-unsafe", LOG_STR("address", server->text),
                  LOG_STR("why", "this Redis may lose jobs, and redis-unsafe is true"));
    link->parts.ops->up(link);
}

static void greet(struct redis_link *link, struct redis_reply *reply)
{
    struct redis_fault fault = {.hint = NULL};
    bool is_fit = redis_greeting_take(&link->greeting, reply, &fault);
    redis_reply_free(reply);
    if (!is_fit)
        fail(link, &fault);
    else if (redis_greeting_is_whole(&link->greeting))
        go_up(link);
}

static void take_reply(struct redis_link *link, struct redis_reply *reply)
{
    if (link->state == REDIS_LINK_GREETING)
        greet(link, reply);
    else
        link->parts.ops->reply(link, reply);
}

/* Another service, or a broken one. */
static void end_nonsense(struct redis_link *link)
{
    struct redis_fault fault = {.expected = "a Redis server"};
    snprintf(fault.found, sizeof fault.found, "%s", redis_reader_fault(link->reader));
    end(link, &fault);
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    struct redis_link *link = link_of(conn);
    struct redis_reply *reply;
    link->progress_us = timers_of(link)->now_us;
    redis_reader_feed(link->reader, data, len);
    while (conn_is_open(conn) && (reply = redis_reader_next(link->reader)))
        take_reply(link, reply);
    if (conn_is_open(conn) && redis_reader_fault(link->reader))
        end_nonsense(link);
}

/* --- the connection --- */

static ssize_t header_end(const struct conn *conn, const char *data, size_t len)
{
    (void)conn, (void)data;
    return len < PIECE_MAX ? (ssize_t)len : PIECE_MAX;
}

static void on_input_end(struct conn *conn)
{
    end_by(link_of(conn), "Redis closed the connection");
}

static void on_gone(struct conn *conn, const char *why)
{
    end_by(link_of(conn), why);
}

/* output-total-max: much output, and nothing of it is taken. */
static void on_slow(struct conn *conn, enum conn_slow what)
{
    (void)what;
    end_by(link_of(conn), "Redis takes no input");
}

/* The kernel takes some of what had to wait. A write that it takes at once tells nothing of the
 * server: a stopped one has empty buffers for a while. */
static void on_taken(struct conn *conn)
{
    struct redis_link *link = link_of(conn);
    link->progress_us = timers_of(link)->now_us;
}

static void on_free(struct conn *conn)
{
    free(conn);
}

static const struct conn_ops conn_ops = {
    .header_end = header_end,
    .header = on_header,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .taken = on_taken,
    .free = on_free,
};

/* --- deadlines --- */

static void end_late(struct redis_link *link)
{
    struct redis_fault fault = {.expected = NULL};
    snprintf(fault.found, sizeof fault.found, "no answer within %u ms",
             link->parts.settings->timeout_ms);
    end(link, &fault);
}

/* The server is late only if all of its input has been read. A greeting has no more time for bytes
 * that drip in: another server may be better. */
static void on_deadline(struct redis_link *link)
{
    struct timers *timers = timers_of(link);
    bool is_up = link->state == REDIS_LINK_UP;
    uint64_t due_us = link->progress_us + link->parts.settings->timeout_ms * 1000ull;
    if (is_up && !link->awaited)
        return;
    if (is_up && timers->now_us < due_us)
        timer_set(timers, &link->next, due_us);
    else if (conn_has_unread(link->conn))
        timer_set_ms(timers, &link->next, BEHIND_MS);
    else
        end_late(link);
}

static void await_progress(struct redis_link *link)
{
    link->progress_us = timers_of(link)->now_us;
    timer_set_ms(timers_of(link), &link->next, link->parts.settings->timeout_ms);
}

void redis_link_await(struct redis_link *link, size_t count)
{
    bug_on(link->state != REDIS_LINK_UP);
    if (!link->awaited)
        link->progress_us = timers_of(link)->now_us;
    link->awaited += count;
    if (link->awaited && !timer_is_set(&link->next))
        await_progress(link);
}

void redis_link_answered(struct redis_link *link)
{
    bug_on(!link->awaited);
    link->awaited--;
}

/* --- connecting --- */

static void open_connection(struct redis_link *link, int fd)
{
    struct redis_connection *connection = xcalloc(1, sizeof *connection);
    connection->link = link;
    if (conn_open(&connection->conn, link->parts.loop, fd, &conn_ops, &limits) < 0) {
        free(connection);
        transport_close(fd);
        end_by(link, "the event loop does not take the connection");
        return;
    }
    transport_set_patience(fd, link->parts.settings->timeout_ms);
    link->conn = &connection->conn;
    link->reader = redis_reader_new();
    link->greeting = (struct redis_greeting){.settings = link->parts.settings,
                                             .scripts = link->parts.scripts,
                                             .script_count = link->parts.script_count,
                                             .is_listener = link->parts.is_listener};
    set_state(link, REDIS_LINK_GREETING);
    redis_greeting_ask(&link->greeting, link->conn);
    await_progress(link);
}

static void on_dialled(struct redis_dial *dial, int fd, const char *why)
{
    struct redis_link *link =
        (struct redis_link *)((char *)dial - offsetof(struct redis_link, dial));
    if (fd < 0)
        end_by(link, why);
    else
        open_connection(link, fd);
}

static void on_next(void *arg)
{
    struct redis_link *link = arg;
    if (link->state != REDIS_LINK_AWAY) {
        on_deadline(link);
        return;
    }
    set_state(link, REDIS_LINK_CONNECTING);
    redis_dial_begin(&link->dial, redis_link_server(link), link->parts.settings->timeout_ms);
}

/* --- the link --- */

static struct backoff pauses_of(const struct redis_settings *settings)
{
    uint32_t part_ms = settings->lease_ms / PAUSES_OF_LEASE;
    return (struct backoff){.first_ms = PAUSE_FIRST_MS,
                            .most_ms = part_ms < PAUSE_MOST_MS ? part_ms : PAUSE_MOST_MS};
}

void redis_link_init(struct redis_link *link, const struct redis_link_parts *parts)
{
    *link = (struct redis_link){.parts = *parts, .pauses = pauses_of(parts->settings)};
    redis_dial_init(&link->dial, parts->loop->base, parts->loop->timers, on_dialled);
    timer_init(&link->next, on_next, link);
}

void redis_link_start(struct redis_link *link, struct redis_server *servers, size_t count)
{
    bug_on(link->state != REDIS_LINK_AWAY || timer_is_set(&link->next) || !count);
    link->servers = servers;
    link->count = count;
    link->at = link->tried = 0;
    backoff_forget(&link->pauses);
    timer_set_next(timers_of(link), &link->next);
}

void redis_link_stop(struct redis_link *link)
{
    redis_dial_cancel(&link->dial);
    go_away(link);
}

/* The answers of a greeting are still to come, perhaps. */
void redis_link_configure(struct redis_link *link, const struct redis_settings *settings)
{
    link->parts.settings = settings;
    link->greeting.settings = settings;
}

void redis_link_leave(struct redis_link *link, const struct redis_fault *fault)
{
    bug_on(link->state != REDIS_LINK_UP);
    lose(link, fault);
}
