/*
 * http_internal: the order of the server's files. A file calls those below it only; calls upwards
 * go through tables (conn_ops, timers, the handlers).
 *
 *     server.c       all connections: accepted, drained, closed
 *     input.c        a connection's input: heads, bodies, deadlines, and whose turn it is
 *     body.c         the pieces of a body
 *     sse.c          a stream of events
 *     problem.c      error responses
 *     response.c     the response: its head, its body, its stream
 *     exchange.c     the exchange: its request, its beginning and end
 *     connection.c   the phases of a connection
 */
#ifndef TASKMASTER_GATEWAY_HTTP_INTERNAL_H
#define TASKMASTER_GATEWAY_HTTP_INTERNAL_H

#include "gateway/http/exchange.h"
#include "gateway/http/head.h"
#include "gateway/http/http.h"
#include "gateway/http/settings.h"
#include "net/address.h"
#include "net/conn.h"

#include <sys/queue.h>
#include <time.h>

struct http_conn;

/* The input of a connection; and once no more is read, its end. */
enum http_phase {
    HTTP_AT_HEAD,       /* a request's head is to come */
    HTTP_AT_BODY,       /* a body of known length */
    HTTP_AT_CHUNK_LINE, /* the size of the next chunk */
    HTTP_AT_CHUNK_DATA,
    HTTP_AT_CHUNK_END, /* the CRLF behind it */
    HTTP_AT_TRAILER,   /* lines behind the last chunk */
    HTTP_AT_WHOLE,     /* the request is whole; the next one waits for the end of its exchange */
    HTTP_AT_LAST,      /* no request is read any more; the last response goes out */
    HTTP_AT_LINGER,    /* it is out; input is thrown away until its end */
    HTTP_AT_CLOSED,
    HTTP_PHASES
};

enum http_stage {
    HTTP_NONE,      /* no request has begun */
    HTTP_OPEN,      /* nothing of the response is written */
    HTTP_STREAMING, /* its head is */
    HTTP_ENDED,     /* the handler has forgotten the exchange */
};

enum { HTTP_BODY_PASSED_MAX = 64 * 1024 }; /* bytes of a body that are read to be thrown away */

/* Bytes on the heap that grow. */
struct http_text {
    char *bytes; /* owned */
    size_t len, size;
};

struct http_joined; /* values of repeated headers, joined */

struct http_exchange {
    struct http_exchange_public public;
    uint8_t stage;   /* enum http_stage */
    bool is_told;    /* the handler knows the exchange */
    bool is_chunked; /* the stream is */
    bool is_gone;    /* the client went before the end */
    unsigned status; /* 0: no response */
    uint64_t begun_us;
    uint64_t bytes;   /* of the response's body */
    uint64_t took_us; /* once it has ended */
    char *label;
    struct http_text headers; /* the handler's, as lines */
    struct http_joined *joined;
};

struct http_conn {
    struct conn conn;
    struct http_exchange exchange; /* the one in progress, or the last one */
    struct http_server *server;
    TAILQ_ENTRY(http_conn) link;
    uint8_t phase;         /* enum http_phase */
    bool is_last;          /* no request is read after this one */
    bool skipped_line;     /* an empty line came before the head */
    struct timer timer;    /* its meaning depends on the phase: input.c */
    uint64_t idle_us;      /* since when no request is in progress */
    struct http_text text; /* the head of the exchange */
    struct http_head head;
    struct payload *body; /* of a chunked request; NULL: nothing yet, or given up */
    bool has_body;        /* bytes of it were kept */
    uint64_t chunk_left;  /* bytes of the chunk to come */
    size_t body_passed;   /* bytes of chunks and trailers so far */
    bool is_local;
    char peer[ADDRESS_TEXT_MAX];
};

struct http_server {
    struct http_server_parts parts;
    const struct http_settings *settings;
    struct conn_limits limits;
    TAILQ_HEAD(http_conn_list, http_conn) list; /* open connections */
    size_t open, exchanges;
    bool is_draining;
    time_t date_at; /* the second of `date` */
    char date[96];  /* "Date: ...\r\n" */
};

/* Adds bytes, and keeps a NUL behind the last one. */
void http_text_add(struct http_text *text, const char *bytes, size_t len);
void http_text_free(struct http_text *text);

static inline struct http_conn *http_conn_of(struct conn *conn)
{
    return (struct http_conn *)((char *)conn - offsetof(struct http_conn, conn));
}

static inline struct http_conn *http_conn_of_exchange(const struct http_exchange *exchange)
{
    return (struct http_conn *)((char *)exchange - offsetof(struct http_conn, exchange));
}

static inline struct timers *http_conn_timers(const struct http_conn *http)
{
    return http->server->parts.loop->timers;
}

/* connection.c */

void http_conn_enter(struct http_conn *http, enum http_phase phase);

/* Whether a request may follow the one in progress. */
bool http_conn_keeps(const struct http_conn *http);

/* The exchange and its request are over: the next request, or the end. */
void http_conn_next(struct http_conn *http);

/* No request is read any more; what was written goes out. */
void http_conn_finish(struct http_conn *http);

/* Goes on with the end once the output is out. */
void http_conn_settle(struct http_conn *http);

/* Closes the connection at once. Its exchange must have ended. */
void http_conn_close(struct http_conn *http);

/* Sets the timer for the phase's idle time. */
void http_conn_watch_idle(struct http_conn *http);

/* How long the connection may be without a request. */
uint32_t http_conn_idle_ms(const struct http_conn *http);

/* exchange.c */

static inline bool http_exchange_is_open(const struct http_exchange *exchange)
{
    return exchange->stage == HTTP_OPEN || exchange->stage == HTTP_STREAMING;
}

/* A request has begun; http->head has as much of it as could be read. */
void http_exchange_begin(struct http_conn *http);

/* The response is written. */
void http_exchange_end(struct http_exchange *exchange);

/* The client has gone, or its request broke off: the handler is told, and forgets the exchange. */
void http_exchange_leave(struct http_exchange *exchange);

/* The client has gone before the end of the response. */
void http_exchange_lost(struct http_exchange *exchange);

/* body.c */

enum http_body_verdict {
    HTTP_BODY_FINE,
    HTTP_BODY_MALFORMED,
    HTTP_BODY_TOO_LARGE,
    HTTP_BODY_NO_ROOM,
    HTTP_BODY_WHOLE,
};

void http_body_begin(struct http_conn *http);

/* The length of the next piece in `data`, as conn_ops.header_end tells. */
ssize_t http_body_piece_end(const struct http_conn *http, const char *data, size_t len);
enum http_body_verdict http_body_take(struct http_conn *http, const char *data, size_t len);

/* Hands the whole body over; NULL: it is empty. False: it was given up for want of memory. */
bool http_body_claim(struct http_conn *http, struct payload **body);

/* input.c */

extern const struct conn_ops http_conn_ops;

void http_input_init(struct http_conn *http);

/* Answers with an error in the place of the handler; the connection ends. */
void http_input_refuse(struct http_conn *http, unsigned status, const char *code,
                       const char *detail);

/* Closes the connection, whatever it is doing. */
void http_input_abandon(struct http_conn *http);

#endif
