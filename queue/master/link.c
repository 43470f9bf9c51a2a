/* master_link: see link.h. */
#include "queue/master/link_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "net/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAUSE_FIRST_MS = 100,
    PAUSE_MAX_MS = 5000,
    PAUSE_JITTER = 5, /* up to a fifth less: many queues of one master do not come together */
    CONNECT_MS = 5000,
    HELLO_MS = 10000,
    WHY_MAX = 256,
    UNREAD_MAX = 8 * 1024 * 1024, /* bytes of submits that wait for the master */
};

/* The link has a line of its own in the loop. There is no deadline for reading and writing: a
 * stopped master goes on with its jobs later, and TCP finds a lost one. */
static const struct conn_limits limits = {.output_pause = UINT64_MAX, .own = true};

static struct master_connection *connection_of(struct conn *conn)
{
    return (struct master_connection *)conn; /* its first member */
}

static struct timers *timers_of(const struct master_link *link)
{
    return link->parts.loop->timers;
}

/* --- states --- */

static void set_state(struct master_link *link, enum master_link_state state)
{
    static const bool may[MASTER_STATES][MASTER_STATES] = {
        [MASTER_AWAY] = {[MASTER_CONNECTING] = true},
        [MASTER_CONNECTING] = {[MASTER_AWAY] = true, [MASTER_GREETING] = true},
        [MASTER_GREETING] = {[MASTER_AWAY] = true, [MASTER_UP] = true},
        [MASTER_UP] = {[MASTER_AWAY] = true},
    };
    bug_on(!may[link->state][state]);
    link->state = state;
}

/* Each reason is logged once, however many attempts fail for it. */
static void note_why(struct master_link *link, const char *event, const char *why)
{
    bool known = link->why && strcmp(link->why, why) == 0;
    if (!known)
        log_event(LOG_WARN, event, LOG_STR("address", link->text), LOG_STR("why", why));
    if (known)
        return;
    free(link->why);
    link->why = xstrdup(why);
}

static void pause_attempts(struct master_link *link)
{
    uint32_t most = link->pause_ms;
    timer_set_ms(timers_of(link), &link->next,
                 most - link->parts.random() % (most / PAUSE_JITTER + 1));
    link->pause_ms = most < PAUSE_MAX_MS / 2 ? most * 2 : PAUSE_MAX_MS;
}

/* After a connection that has lasted the pause is short again. A master that ends at once, again
 * and again, is tried as one that is away. */
static void forget_pauses(struct master_link *link)
{
    if (timers_of(link)->now_us - link->up_us >= 2000ull * link->pause_ms)
        link->pause_ms = PAUSE_FIRST_MS;
}

static void close_connection(struct master_link *link)
{
    if (link->connection)
        conn_close(&link->connection->conn);
    link->connection = NULL;
    free(link->boot);
    free(link->last_words);
    link->boot = link->last_words = NULL;
    link->was_full = false;
}

/* The connection, or the attempt, has come to its end. */
static void go_away(struct master_link *link, const char *why)
{
    bool was_up = link->state == MASTER_UP;
    note_why(link, was_up ? "master-lost" : "master-unreachable",
             link->last_words ? link->last_words : why);
    set_state(link, MASTER_AWAY);
    close_connection(link);
    if (was_up)
        forget_pauses(link);
    pause_attempts(link);
    if (!was_up)
        return;
    master_asked_refuse_all(link);
    keep_master_gone(link->keep);
}

static void go_up(struct master_link *link, const struct master_greeting *greeting)
{
    set_state(link, MASTER_UP);
    timer_clear(timers_of(link), &link->next);
    link->up_us = timers_of(link)->now_us;
    link->boot = xstrdup(greeting->boot);
    free(link->why);
    link->why = NULL;
    log_event(LOG_INFO, "master-connected", LOG_STR("address", link->text),
              LOG_STR("boot", link->boot));
    keep_master_up(link->keep, &greeting->about);
}

/* --- messages --- */

/* Whether somebody has a use for the payload. */
static bool is_wanted(const struct master_event *event)
{
    return event->is_answer || event->type == MASTER_EVENT_DONE ||
           event->type == MASTER_EVENT_FAILED;
}

static void greet(struct master_link *link, const struct master_event *event, const char *header,
                  size_t len)
{
    struct master_greeting greeting = {0};
    char error[WHY_MAX];
    if (event->type == MASTER_EVENT_ERROR) /* too-many-clients, unauthorized */
        snprintf(error, sizeof error, "%.200s", event->message);
    else if (event->type != MASTER_EVENT_HELLO)
        snprintf(error, sizeof error, "the first event is no hello");
    else if (master_greeting_read(&greeting, header, len, error, sizeof error)) {
        go_up(link, &greeting);
        return;
    }
    go_away(link, error);
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    struct master_connection *connection = connection_of(conn);
    struct master_link *link = connection->link;
    struct master_event *event = &connection->event;
    const char *fault = master_event_read(event, data, len);
    if (!fault && event->size > PAYLOAD_SIZE_MAX)
        fault = "a payload of the master is too large";
    if (fault)
        go_away(link, fault);
    else if (link->state == MASTER_GREETING)
        greet(link, event, data, len);
    else if (event->size)
        conn_expect(conn, event->size, is_wanted(event), true);
    else
        master_news_take(link, event, NULL);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct master_connection *connection = connection_of(conn);
    (void)over_budget; /* the payload is kept by force */
    master_news_take(connection->link, &connection->event, payload);
}

static ssize_t header_end(const struct conn *conn, const char *data, size_t len)
{
    (void)conn;
    const char *lf = memchr(data, '\n', len < HEADER_MAX ? len : HEADER_MAX);
    if (lf)
        return lf - data + 1;
    return len < HEADER_MAX ? 0 : -1;
}

static void on_header_too_long(struct conn *conn)
{
    go_away(connection_of(conn)->link, "a header of the master is too long");
}

static void on_input_end(struct conn *conn)
{
    go_away(connection_of(conn)->link, "the master closed the connection");
}

static void on_gone(struct conn *conn, const char *why)
{
    go_away(connection_of(conn)->link, why);
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    (void)what; /* output-total-max: the master takes nothing of much output */
    go_away(connection_of(conn)->link, "the master takes no input");
}

static bool is_full(void *arg)
{
    struct master_link *link = arg;
    link->was_full = link->connection && link->connection->conn.output_held >= UNREAD_MAX;
    return link->was_full;
}

static void on_taken(struct conn *conn)
{
    struct master_link *link = connection_of(conn)->link;
    if (link->was_full && !is_full(link))
        keep_master_reads(link->keep);
}

static void on_free(struct conn *conn)
{
    free(connection_of(conn));
}

static const struct conn_ops ops = {
    .header_end = header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .flushed = on_taken,
    .taken = on_taken,
    .free = on_free,
};

/* --- connecting --- */

static void open_connection(struct master_link *link, int fd)
{
    struct master_connection *connection = xcalloc(1, sizeof *connection);
    connection->link = link;
    if (conn_open(&connection->conn, link->parts.loop, fd, &ops, &limits) < 0) {
        free(connection);
        transport_close(fd);
        go_away(link, "the event loop does not take the connection");
        return;
    }
    link->connection = connection;
    set_state(link, MASTER_GREETING);
    timer_set_ms(timers_of(link), &link->next, HELLO_MS);
    master_greeting_send(link);
}

static void on_connected(struct connector *connector, int fd, const char *why)
{
    struct master_link *link =
        (struct master_link *)((char *)connector - offsetof(struct master_link, connector));
    if (fd < 0)
        go_away(link, why);
    else
        open_connection(link, fd);
}

static void on_next(void *arg)
{
    struct master_link *link = arg;
    if (link->state == MASTER_GREETING) {
        go_away(link, "hello was not answered");
        return;
    }
    set_state(link, MASTER_CONNECTING);
    connector_begin(&link->connector, &link->address, CONNECT_MS);
}

/* --- the keep's side --- */

static void submit(void *arg, struct kept *job)
{
    master_request_submit(arg, job);
}

static void stop(void *arg, struct kept *job, bool kill)
{
    master_request_stop(arg, job, kill);
}

const struct kept_master_ops master_link_ops = {.submit = submit, .stop = stop, .is_full = is_full};

/* --- the link --- */

struct master_link *master_link_new(const struct master_link_parts *parts, char *error,
                                    size_t error_size)
{
    struct address address;
    if (address_parse(&address, parts->settings->address, error, error_size) < 0)
        return NULL;
    struct master_link *link = xcalloc(1, sizeof *link);
    link->parts = *parts;
    link->address = address;
    link->text = xstrdup(parts->settings->address);
    link->pause_ms = PAUSE_FIRST_MS;
    connector_init(&link->connector, parts->loop->base, parts->loop->timers, on_connected);
    timer_init(&link->next, on_next, link);
    master_asked_init(link);
    return link;
}

void master_link_start(struct master_link *link, struct keep *keep)
{
    link->keep = keep;
    timer_set_next(timers_of(link), &link->next);
}

void master_link_configure(struct master_link *link, const struct master_link_settings *settings)
{
    link->parts.settings = settings;
}

void master_link_free(struct master_link *link)
{
    connector_cancel(&link->connector);
    timer_clear(timers_of(link), &link->next);
    close_connection(link);
    master_asked_free(link);
    free(link->why);
    free(link->text);
    free(link);
}

struct master_link_view master_link_view(const struct master_link *link)
{
    return (struct master_link_view){
        .address = link->text,
        .is_up = link->state == MASTER_UP,
        .boot = link->boot,
        .why = link->why,
    };
}
