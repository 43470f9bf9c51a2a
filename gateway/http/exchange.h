/*
 * exchange: one request of an HTTP client, and its response.
 *
 * Its life: route() names a handler; `begin`, at the head; then the body is read; `run`, once it is
 * whole. The handler then answers: in one call (http_respond...), or as a stream. It may do so
 * later, from any callback of the loop. If the client goes first, `gone` is called, once; the
 * handler forgets the exchange in this call.
 *
 * An exchange is gone for its handler with http_respond...(), http_stream_end() or `gone`.
 */
#ifndef TASKMASTER_GATEWAY_HTTP_EXCHANGE_H
#define TASKMASTER_GATEWAY_HTTP_EXCHANGE_H

#include "base/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_exchange;
struct http_server;
struct timers;

enum http_method {
    HTTP_GET,
    HTTP_HEAD, /* the server answers as for GET, and leaves the body out */
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER, /* unknown here */
};

struct http_handler {
    /* The head is whole; the body has not been read. May answer: the body is then read and thrown
     * away if it is small, else the connection closes. NULL: nothing is to be done. */
    void (*begin)(struct http_exchange *exchange);
    /* The request is whole. */
    void (*run)(struct http_exchange *exchange);
    /* The client has gone before the end of the response, or its body broke off: the server answers
     * then. Only for a handler that was called before. */
    void (*gone)(struct http_exchange *exchange);
    /* The client has taken some of a stream. NULL: nobody asks. */
    void (*taken)(struct http_exchange *exchange);
};

struct http_header {
    const char *name; /* as sent; compared without regard to case */
    const char *value;
};

struct http_request {
    enum http_method method; /* GET for HEAD, with `is_head` */
    bool is_head;
    const char *method_name; /* as sent */
    const char *path;        /* decoded, without the query: "/v1/jobs"; no NUL, no dot segments */
    const char *query;       /* not decoded, without the '?'; NULL: none */
    const char *host;        /* lower case, with its port; "" in HTTP/1.0 without one */
    const struct http_header *headers;
    size_t header_count;
    struct payload *body; /* of `run`: NULL if it is empty; owned by the exchange */
};

enum { HTTP_PART_MAX = 64 }; /* bytes of a name or an id in a path */

/* Members for the handler; others are http/'s own (http_internal.h). */
struct http_exchange_public {
    struct http_request request;
    const struct http_handler *handler;
    void *arg;                    /* the handler's */
    const void *route;            /* the router's: the entry of its table */
    char part[HTTP_PART_MAX + 1]; /* the router's: of "/v1/jobs/k3f9-17" the id; "": none */
    const void *user;             /* the router's: whose request it is (gateway/access) */
    size_t body_max;              /* bytes; a longer one is told 413 before it is read */
    const char *label; /* for the access log: a job's id, or NULL; owned by the exchange once set
                          with http_exchange_label() */
};

struct http_exchange_public *http_exchange_public(struct http_exchange *exchange);

static inline const struct http_request *http_request(struct http_exchange *exchange)
{
    return &http_exchange_public(exchange)->request;
}

/* The `arg` of the server's parts. */
void *http_exchange_owner(struct http_exchange *exchange);
struct timers *http_exchange_timers(struct http_exchange *exchange);

/* The value of a header; NULL: there is none. Headers given twice are joined by ", " where the RFC
 * allows it; Authorization, Idempotency-Key and Taskmaster-... given twice are `*twice`. */
const char *http_request_header(struct http_exchange *exchange, const char *name, bool *twice);

/* "127.0.0.1:5555" or "unix"; and whether the client is on this machine. */
const char *http_exchange_peer(const struct http_exchange *exchange);
bool http_exchange_is_local(const struct http_exchange *exchange);

void http_exchange_label(struct http_exchange *exchange, const char *label);

/* What has become of an exchange: for `ended`. */
struct http_outcome {
    unsigned status; /* 499: the client went before the head of the response */
    bool is_gone;    /* the client went before the end of the response */
    uint64_t bytes;  /* of the response's body */
    uint64_t took_us;
};

struct http_outcome http_exchange_outcome(const struct http_exchange *exchange);

/* --- the response --- */

/* Adds a header, before the response begins. Content-Type, Content-Length, Date, Connection,
 * Transfer-Encoding are the server's own. Bytes that no header may hold become '?'. */
void http_header(struct http_exchange *exchange, const char *name, const char *value);
void http_header_uint(struct http_exchange *exchange, const char *name, uint64_t value);

/* Answers; `type` is a static media type. `body` may be empty, with type NULL. The payload of the
 * second is referenced as long as it is needed. */
void http_respond(struct http_exchange *exchange, unsigned status, const char *type,
                  const void *body, size_t len);
void http_respond_payload(struct http_exchange *exchange, unsigned status, const char *type,
                          struct payload *body);

/* A stream: chunked, or until the close for HTTP/1.0. Its bytes are written at the end of the turn,
 * by the loop's chores. */
void http_stream_begin(struct http_exchange *exchange, unsigned status, const char *type);
void http_stream_write(struct http_exchange *exchange, const void *data, size_t len);
/* Bytes written, and not handed to our kernel yet. */
size_t http_stream_unread(struct http_exchange *exchange);
void http_stream_end(struct http_exchange *exchange);
/* Ends the connection in the midst of the stream: the client must know that it is a torso. No
 * `gone` comes. */
void http_stream_break(struct http_exchange *exchange);

#endif
