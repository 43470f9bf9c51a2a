/* http: see http.h. This file has all connections: their beginning, a drain, their end. */
#include "gateway/http/http.h"
#include "gateway/http/http_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OUTPUT_PAUSE = 256 * 1024, /* bytes of unread output before a client's input is left alone */
    TURN_MESSAGES = 256,       /* a client's share of a turn: heads and pieces of bodies, */
    TURN_OUTPUT = 64 * 1024,   /* or bytes of responses */
    REFUSED_MAX = 64,          /* connections over connection-max, told so at the same time */
};

/* --- a new connection --- */

static bool is_local(const struct sockaddr *addr, socklen_t len)
{
    struct address address = {.len = len};
    memcpy(&address.storage, addr, len < sizeof address.storage ? len : sizeof address.storage);
    address.kind = addr->sa_family == AF_UNIX    ? ADDRESS_UNIX
                   : addr->sa_family == AF_INET6 ? ADDRESS_IPV6
                                                 : ADDRESS_IPV4;
    return address_is_loopback(&address);
}

static void name_peer(struct http_conn *http, const struct sockaddr *addr, socklen_t len)
{
    http->is_local = is_local(addr, len);
    if (addr->sa_family == AF_UNIX)
        strcpy(http->peer, "unix");
    else
        address_format(addr, len, http->peer);
}

static struct http_conn *open_conn(struct http_server *server, int fd)
{
    struct http_conn *http = xcalloc(1, sizeof *http);
    http->server = server;
    if (conn_open(&http->conn, server->parts.loop, fd, &http_conn_ops, &server->limits) < 0) {
        free(http);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&server->list, http, link);
    server->open++;
    http_input_init(http);
    return http;
}

void http_server_accept(struct http_server *server, int fd, const struct sockaddr *addr,
                        socklen_t addr_len)
{
    size_t max = server->settings->connection_max;
    bool is_full = server->open >= max;
    struct http_conn *http = server->open < max + REFUSED_MAX ? open_conn(server, fd) : NULL;
    if (!http) {
        close(fd);
        return;
    }
    name_peer(http, addr, addr_len);
    if (is_full)
        http_input_refuse(http, 503, "too-many-clients",
                          "the gateway has as many connections as it takes (connection-max)");
    else
        conn_poll(&http->conn); /* the request has come already, mostly */
}

/* --- all connections --- */

struct http_server *http_server_new(const struct http_server_parts *parts)
{
    struct http_server *server = xcalloc(1, sizeof *server);
    server->parts = *parts;
    TAILQ_INIT(&server->list);
    http_server_configure(server, parts->settings);
    return server;
}

void http_server_configure(struct http_server *server, const struct http_settings *settings)
{
    server->settings = settings;
    server->limits = (struct conn_limits){
        .header_timeout_ms = settings->header_timeout_ms,
        .payload_timeout_ms = settings->body_timeout_ms,
        .output_timeout_ms = settings->output_timeout_ms,
        .output_pause = OUTPUT_PAUSE,
        .turn_messages = TURN_MESSAGES,
        .turn_output = TURN_OUTPUT,
    };
}

/* A request may be on its way: such a connection is read first. */
static bool is_silent(const struct http_conn *http)
{
    return http->phase == HTTP_AT_HEAD && !conn_is_amid(&http->conn) && !http->conn.backlog &&
           !conn_has_unread(&http->conn);
}

/* Closed connections leave the list in the call. */
static void each(struct http_server *server, void (*visit)(struct http_conn *http))
{
    struct http_conn *next;
    for (struct http_conn *http = TAILQ_FIRST(&server->list); http; http = next) {
        next = TAILQ_NEXT(http, link);
        visit(http);
    }
}

static void end_silent(struct http_conn *http)
{
    if (!is_silent(http))
        return;
    if (http_conn_timers(http)->now_us - http->idle_us >= http_conn_idle_ms(http) * 1000ull)
        http_conn_finish(http);
    else
        http_conn_watch_idle(http);
}

void http_server_drain(struct http_server *server)
{
    server->is_draining = true;
    each(server, end_silent);
}

void http_server_cut(struct http_server *server,
                     bool (*is_over)(const void *arg, const struct http_exchange *exchange),
                     const void *arg)
{
    struct http_conn *next;
    for (struct http_conn *http = TAILQ_FIRST(&server->list); http; http = next) {
        next = TAILQ_NEXT(http, link);
        if (http_exchange_is_open(&http->exchange) && is_over(arg, &http->exchange))
            http_input_abandon(http);
    }
}

size_t http_server_connections(const struct http_server *server)
{
    return server->open;
}

size_t http_server_exchanges(const struct http_server *server)
{
    return server->exchanges;
}

void http_server_close(struct http_server *server)
{
    each(server, http_input_abandon);
}

void http_server_free(struct http_server *server)
{
    free(server);
}
