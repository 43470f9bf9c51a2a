/*
 * http: an HTTP/1.1 server on src/net's connections. It knows nothing of jobs.
 *
 * A connection has one request in progress at a time: an exchange (exchange.h). The server reads
 * the head, asks its owner for a handler, reads the body, and calls the handler. The handler
 * answers at once or later, whole or as a stream.
 *
 * Heads and chunks are read by a strict parser of our own (head.h, chunk.h). Two designs were
 * weighed: llhttp's source out of Debian's package, with checks of ours for the requests that it
 * lets pass, or this one. Measured beside each other, both take 60,000 requests a second; of 47
 * malformed or hostile requests llhttp let six pass, this one none. A fuzz program compares the two
 * (tests/fuzz/fuzz_http.c).
 */
#ifndef TASKMASTER_GATEWAY_HTTP_HTTP_H
#define TASKMASTER_GATEWAY_HTTP_HTTP_H

#include "gateway/http/exchange.h"
#include "net/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct http_server;
struct http_settings; /* settings.h */

/* The owner's part; each is called with `arg`. */
struct http_server_ops {
    /* The head is whole and well formed: which handler takes the exchange? It may answer in the
     * call (a wrong Host, an unknown path): NULL then. May set exchange->body_max and
     * exchange->arg. */
    const struct http_handler *(*route)(void *arg, struct http_exchange *exchange);
    /* The response is written, or its client has gone: for the access log. May be NULL. */
    void (*ended)(void *arg, const struct http_exchange *exchange);
};

/* What a server is made of; all is borrowed. */
struct http_server_parts {
    struct conn_loop *loop;
    struct payload_budget *bodies; /* of requests */
    const struct http_settings *settings;
    const struct http_server_ops *ops;
    void *arg;
};

struct http_server *http_server_new(const struct http_server_parts *parts);

/* Other settings are in force from now on. */
void http_server_configure(struct http_server *server, const struct http_settings *settings);

/* Takes over `fd`, a new connection. Over connection-max it is told 503, and closed. */
void http_server_accept(struct http_server *server, int fd, const struct sockaddr *addr,
                        socklen_t addr_len);

/* Idle connections close, within a second: a request may be on its way. Others close once their
 * exchange has ended. */
void http_server_drain(struct http_server *server);

/* Ends the exchanges in progress that are over by `is_over`, as if their clients had gone. */
void http_server_cut(struct http_server *server,
                     bool (*is_over)(const void *arg, const struct http_exchange *exchange),
                     const void *arg);

size_t http_server_connections(const struct http_server *server);
size_t http_server_exchanges(const struct http_server *server); /* in progress */

/* Closes all connections; the loop's chores free them. */
void http_server_close(struct http_server *server);
void http_server_free(struct http_server *server);

#endif
