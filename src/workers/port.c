/* worker_port: see port.h. */
#include "workers/port.h"
#include "workers/connection.h"
#include "workers/message.h"
#include "workers/token.h"
#include "workers/workers_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <taskmaster/version.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t now_us(const struct workers *workers)
{
    return workers_timers(workers)->now_us;
}

/* --- turning away --- */

static void leave(struct worker_connection *connection)
{
    unauthenticated_remove(&connection->workers->unauthenticated, &connection->peer);
    timer_clear(workers_timers(connection->workers), &connection->deadline);
}

/* `why` is NULL for a late worker of ours, without a warning in the log. */
static void turn_away(struct worker_connection *connection, const char *why)
{
    if (why && log_limit_allows(&connection->workers->stranger_lines))
        log_event(LOG_WARN, "stranger", LOG_STR("role", "workers"), LOG_STR("why", why));
    leave(connection);
    conn_close(&connection->conn);
}

/* A reset instead of an orderly end says: nobody has heard you. */
static void turn_away_unheard(struct worker_connection *connection, const char *why)
{
    const struct linger reset = {.l_onoff = 1};
    setsockopt(connection->conn.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    turn_away(connection, why);
}

static void on_deadline(void *arg)
{
    turn_away(arg, "it did not prove itself within start-timeout-ms");
}

/* --- hello --- */

static void refuse_token(struct worker_connection *connection, const struct wire_hello *hello)
{
    struct workers *workers = connection->workers;
    bool late = worker_late_is_hello(&workers->late, hello, now_us(workers));
    turn_away(connection, late ? NULL : "its token is not valid");
}

static void take_hello(struct worker_connection *connection, const struct wire_hello *hello)
{
    struct worker_link *link = worker_link_by_id(connection->workers, hello->worker);
    bool known = link && worker_token_equal(link->token, hello->token);
    if (strncmp(connection->head.name, TASKMASTER_VERSION, sizeof connection->head.name) != 0) {
        turn_away(connection, "it is of another release");
    } else if (known && worker_link_has_been(link, LINK_AUTHENTICATED)) {
        turn_away(connection, "its token was used already");
    } else if (!known || link->state != LINK_STARTED) {
        refuse_token(connection, hello);
    } else {
        leave(connection);
        worker_connection_authenticate(connection, link);
    }
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    struct worker_connection *connection = worker_connection_of(conn);
    (void)len;
    worker_message_take_head(&connection->head, data);
    const char *fault = worker_message_check_hello(&connection->head);
    if (fault)
        turn_away(connection, fault);
    else
        conn_expect(conn, sizeof(struct wire_hello), true, true);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct wire_hello hello;
    bug_on(over_budget);
    payload_copy(payload, 0, &hello, sizeof hello);
    payload_unref(payload);
    take_hello(worker_connection_of(conn), &hello);
}

static void on_gone(struct conn *conn, const char *why)
{
    struct worker_connection *connection = worker_connection_of(conn);
    struct workers *workers = connection->workers;
    turn_away(connection, worker_late_is_silent(&workers->late, now_us(workers)) ? NULL : why);
}

static void on_input_end(struct conn *conn)
{
    on_gone(conn, "it closed its connection");
}

static const struct conn_ops ops = {
    .header_end = worker_connection_header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = worker_connection_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = worker_connection_slow,
    .free = worker_connection_free,
};

/* --- all connections --- */

/* Reads the input sent so far: a hello, or an end of input. Both make room. */
static void hear(struct worker_connection *connection)
{
    conn_read_now(&connection->conn, 1);
}

/* Ends connections until there are few enough. Each is heard once more before: its hello may have
 * come after the last look. */
static void make_room(struct workers *workers)
{
    struct unauthenticated_list *list = &workers->unauthenticated;
    while (list->count > workers->unauthenticated_max) {
        struct unauthenticated *peer = unauthenticated_first(list);
        hear(worker_connection_of(peer->conn));
        if (peer == unauthenticated_first(list))
            turn_away_unheard(worker_connection_of(peer->conn),
                              "too many connections without a token");
    }
}

void worker_port_accept(struct workers *workers, int fd, const struct sockaddr *addr,
                        socklen_t addr_len)
{
    (void)addr;
    (void)addr_len;
    struct worker_connection *connection = xcalloc(1, sizeof *connection);
    connection->workers = workers;
    timer_init(&connection->deadline, on_deadline, connection);
    if (conn_open(&connection->conn, workers->loop, fd, &ops, &workers->limits) < 0) {
        close(fd);
        free(connection);
        return;
    }
    unauthenticated_add(&workers->unauthenticated, &connection->peer, &connection->conn,
                        now_us(workers));
    timer_set_ms(workers_timers(workers), &connection->deadline,
                 workers->pools->shared.limits.start_timeout_ms);
    hear(connection);
    make_room(workers);
}

void worker_port_close(struct workers *workers)
{
    struct unauthenticated *peer;
    while ((peer = unauthenticated_first(&workers->unauthenticated))) {
        struct worker_connection *connection = worker_connection_of(peer->conn);
        leave(connection);
        conn_close(&connection->conn);
    }
}
