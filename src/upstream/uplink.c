/* uplink: see uplink.h. */
#include "upstream/uplink.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "net/transport.h"
#include "upstream/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAUSE_FIRST_MS = 100,
    CONNECT_MS = 5000,
    HELLO_MS = 10000,
};

struct uplink_connection {
    struct conn conn;
    struct uplink *uplink; /* NULL once closed */
};

static struct uplink *uplink_of(struct conn *conn)
{
    return ((struct uplink_connection *)conn)->uplink; /* conn is its first member */
}

static struct timers *timers_of(const struct uplink *uplink)
{
    return uplink->parts.loop->timers;
}

/* --- states --- */

static void set_state(struct uplink *uplink, enum uplink_state state)
{
    static const bool may[UPLINK_STATES][UPLINK_STATES] = {
        [UPLINK_AWAY] = {[UPLINK_CONNECTING] = true},
        [UPLINK_CONNECTING] = {[UPLINK_AWAY] = true, [UPLINK_GREETING] = true},
        [UPLINK_GREETING] = {[UPLINK_AWAY] = true, [UPLINK_UP] = true},
        [UPLINK_UP] = {[UPLINK_AWAY] = true},
    };
    bug_on(!may[uplink->state][state]);
    uplink->state = state;
}

/* True if this was the reason before. */
static bool note_why(struct uplink *uplink, const char *why)
{
    if (uplink->why && strcmp(uplink->why, why) == 0)
        return true;
    free(uplink->why);
    uplink->why = xstrdup(why);
    return false;
}

static void pause_attempts(struct uplink *uplink)
{
    timer_set_ms(timers_of(uplink), &uplink->next,
                 backoff_next_ms(&uplink->pauses, uplink->parts.random()));
}

/* After a connection that has lasted the pause is short again. A daemon that ends at once, again
 * and again, is tried as one that is away. */
static void forget_pauses(struct uplink *uplink)
{
    if (timers_of(uplink)->now_us - uplink->up_us >= 2000ull * uplink->pauses.next_ms)
        backoff_forget(&uplink->pauses);
}

static void close_connection(struct uplink *uplink)
{
    if (uplink->conn)
        conn_close(uplink->conn);
    uplink->conn = NULL;
    free(uplink->last_words);
    uplink->last_words = NULL;
    uplink->is_held = false;
}

/* The connection, or the attempt, has come to its end. The owner may free the uplink. */
static void go_away(struct uplink *uplink, const char *why)
{
    struct uplink_end end = {.was_up = uplink->state == UPLINK_UP};
    end.is_known = note_why(uplink, uplink->last_words ? uplink->last_words : why);
    end.why = uplink->why;
    set_state(uplink, UPLINK_AWAY);
    close_connection(uplink);
    timer_clear(timers_of(uplink), &uplink->next);
    if (end.was_up)
        forget_pauses(uplink);
    pause_attempts(uplink);
    uplink->parts.ops->lost(uplink, &end);
}

/* The same for a reason with the daemon's noun in the place of %s. */
static void __attribute__((format(printf, 2, 0)))
go_away_by(struct uplink *uplink, const char *format)
{
    char why[UPLINK_WHY_MAX];
    snprintf(why, sizeof why, format, uplink->parts.noun);
    go_away(uplink, why);
}

static void go_up(struct uplink *uplink)
{
    set_state(uplink, UPLINK_UP);
    timer_clear(timers_of(uplink), &uplink->next);
    uplink->up_us = timers_of(uplink)->now_us;
    free(uplink->why);
    uplink->why = NULL;
    uplink->parts.ops->up(uplink);
}

/* --- messages --- */

static void greet(struct uplink *uplink, const char *header, size_t len)
{
    char error[UPLINK_WHY_MAX];
    json_t *hello = hello_read(header, len, error, sizeof error);
    bool fit = hello && uplink->parts.ops->greeted(uplink, hello, error, sizeof error);
    json_decref(hello);
    if (fit)
        go_up(uplink);
    else
        go_away(uplink, error);
}

static void take_header(struct uplink *uplink, const char *data, size_t len)
{
    struct uplink_frame frame = {0};
    const char *fault = uplink->parts.ops->header(uplink, data, len, &frame);
    if (fault)
        go_away(uplink, fault);
    else if (frame.size > PAYLOAD_SIZE_MAX)
        go_away_by(uplink, "a payload of the %s is too large");
    else if (uplink->state == UPLINK_GREETING)
        greet(uplink, data, len);
    else if (frame.size)
        conn_expect(uplink->conn, frame.size, frame.is_kept, true);
    else
        uplink->parts.ops->event(uplink, NULL);
}

/* A hold refuses the header: it comes again after the release. */
static void on_header(struct conn *conn, char *data, size_t len)
{
    struct uplink *uplink = uplink_of(conn);
    if (uplink->is_held)
        conn_hold_input(conn);
    else
        take_header(uplink, data, len);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct uplink *uplink = uplink_of(conn);
    (void)over_budget; /* the payload is kept by force */
    uplink->parts.ops->event(uplink, payload);
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
    go_away_by(uplink_of(conn), "a header of the %s is too long");
}

static void on_input_end(struct conn *conn)
{
    go_away_by(uplink_of(conn), "the %s closed the connection");
}

static void on_gone(struct conn *conn, const char *why)
{
    go_away(uplink_of(conn), why);
}

/* output-total-max: much output, and nothing of it is taken. */
static void on_slow(struct conn *conn, enum conn_slow what)
{
    (void)what;
    go_away_by(uplink_of(conn), "the %s takes no input");
}

static void on_taken(struct conn *conn)
{
    struct uplink *uplink = uplink_of(conn);
    if (uplink->parts.ops->taken)
        uplink->parts.ops->taken(uplink);
}

static void on_free(struct conn *conn)
{
    free(conn);
}

static const struct conn_ops conn_ops = {
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

static void open_connection(struct uplink *uplink, int fd)
{
    struct uplink_connection *connection = xcalloc(1, sizeof *connection);
    const struct uplink_parts *parts = &uplink->parts;
    connection->uplink = uplink;
    if (conn_open(&connection->conn, parts->loop, fd, &conn_ops, parts->limits) < 0) {
        free(connection);
        transport_close(fd);
        go_away(uplink, "the event loop does not take the connection");
        return;
    }
    uplink->conn = &connection->conn;
    set_state(uplink, UPLINK_GREETING);
    timer_set_ms(timers_of(uplink), &uplink->next, HELLO_MS);
    hello_ask(uplink->conn, parts->client, uplink->tokens);
}

static void on_connected(struct connector *connector, int fd, const char *why)
{
    struct uplink *uplink =
        (struct uplink *)((char *)connector - offsetof(struct uplink, connector));
    if (fd < 0)
        go_away(uplink, why);
    else
        open_connection(uplink, fd);
}

static void on_next(void *arg)
{
    struct uplink *uplink = arg;
    if (uplink->state == UPLINK_GREETING) {
        go_away(uplink, "hello was not answered");
        return;
    }
    set_state(uplink, UPLINK_CONNECTING);
    connector_begin(&uplink->connector, uplink->parts.address, CONNECT_MS);
}

/* --- the uplink --- */

void uplink_init(struct uplink *uplink, const struct uplink_parts *parts,
                 const struct token_set *tokens)
{
    *uplink =
        (struct uplink){.parts = *parts,
                        .tokens = tokens,
                        .pauses = {.first_ms = PAUSE_FIRST_MS, .most_ms = parts->pause_most_ms}};
    connector_init(&uplink->connector, parts->loop->base, parts->loop->timers, on_connected);
    timer_init(&uplink->next, on_next, uplink);
}

void uplink_start(struct uplink *uplink)
{
    timer_set_next(timers_of(uplink), &uplink->next);
}

void uplink_free(struct uplink *uplink)
{
    connector_cancel(&uplink->connector);
    timer_clear(timers_of(uplink), &uplink->next);
    close_connection(uplink);
    free(uplink->why);
    uplink->why = NULL;
}

void uplink_end(struct uplink *uplink, const char *why)
{
    go_away(uplink, why);
}

void uplink_hasten(struct uplink *uplink)
{
    backoff_forget(&uplink->pauses);
    pause_attempts(uplink);
}

void uplink_note_last_words(struct uplink *uplink, const char *message)
{
    free(uplink->last_words);
    uplink->last_words = xstrdup(message);
}

void uplink_hold(struct uplink *uplink)
{
    uplink->is_held = true;
}

void uplink_release(struct uplink *uplink)
{
    uplink->is_held = false;
    if (uplink->conn)
        conn_release_input(uplink->conn);
}
