/*
 * client.h: libtaskmaster, the client's side of taskmasterd (protocol version 1).
 *
 *     #include <taskmaster/client.h>
 *
 *     tm_client *client = tm_client_new();
 *     tm_client_event *event = NULL;
 *     uint64_t id;
 *
 *     if (!client || tm_client_connect(client, "127.0.0.1:7741", NULL, 5000) ||
 *         tm_client_submit(client, "fib", "30", 2, NULL, 5000, &id) ||
 *         tm_client_next_for(client, id, -1, &event))
 *         fprintf(stderr, "%s\n", client ? tm_client_error(client) : "no memory");
 *     else if (event->type == TM_CLIENT_EVENT_DONE)
 *         fwrite(event->data, 1, event->size, stdout);
 *     tm_client_event_free(event);
 *     tm_client_free(client);
 *
 *     cc -o fib30 fib30.c -ltaskmaster -ljansson
 *
 * One tm_client is one connection. Many jobs may be in flight on it; events name the job by the id
 * that tm_client_submit() gave out, and may come in another order than the jobs went.
 *
 * Time: every timeout is in milliseconds; 0 does what can be done at once, -1 waits for ever. A
 * signal does not end a wait.
 * Reading and writing: every call that writes also reads, so that the two sides can never wait for
 * each other. Events that come in meanwhile are queued, in order, for tm_client_next() and
 * tm_client_next_for().
 * Threads: a tm_client may be used on any thread, by one at a time; two clients share nothing. An
 * event belongs to whoever holds it, on any thread, and outlives its client.
 * Manners: the library never prints, exits, starts a thread, sets a signal handler or raises
 * SIGPIPE. Memory that runs out is a status like any other. Texts that are passed in are copied.
 *
 * Works from C11 and C++11.
 */
#ifndef TASKMASTER_CLIENT_H
#define TASKMASTER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TM_CLIENT_MUST_CHECK __attribute__((warn_unused_result))
#else
#define TM_CLIENT_MUST_CHECK
#endif

typedef struct tm_client tm_client;

/* What a call came to. Anything but TM_CLIENT_OK leaves a text in tm_client_error(). */
typedef enum tm_client_status {
    TM_CLIENT_OK = 0,
    TM_CLIENT_TIMEOUT,     /* the time ran out; nothing is lost, the call may be repeated */
    TM_CLIENT_NOTHING,     /* no event is queued and no job in flight could send one */
    TM_CLIENT_INVALID,     /* the caller's arguments; nothing was sent */
    TM_CLIENT_REFUSED,     /* the server answered this request with an error */
    TM_CLIENT_UNREACHABLE, /* there is no such address, or nobody listens there */
    TM_CLIENT_CLOSED,      /* the connection is over, and all its events were handed out */
    TM_CLIENT_PROTOCOL,    /* the server sent what the protocol does not know; as CLOSED */
    TM_CLIENT_MEMORY       /* no memory; while reading: as CLOSED, otherwise nothing was sent */
} tm_client_status;

/* What an event says. ACCEPTED and STARTED come only if they were asked for; exactly one of DONE,
 * FAILED, OVERLOAD and ERROR ends each job. The others answer requests. */
typedef enum tm_client_event_type {
    TM_CLIENT_EVENT_ACCEPTED = 1,
    TM_CLIENT_EVENT_STARTED,
    TM_CLIENT_EVENT_DONE,
    TM_CLIENT_EVENT_FAILED,
    TM_CLIENT_EVENT_OVERLOAD, /* the server is full: there is no job; try again later */
    TM_CLIENT_EVENT_ERROR,    /* the request was refused: there is no job */
    TM_CLIENT_EVENT_OK,
    TM_CLIENT_EVENT_PONG,
    TM_CLIENT_EVENT_STATS,
    TM_CLIENT_EVENT_WORKERS
} tm_client_event_type;

/*
 * One event. Read it, then tm_client_event_free() it; everything it points to is its own. A text
 * that the event does not have is NULL, a number that it does not have is -1. Later releases append
 * members. Texts are the server's own, at most the 4,096 bytes of a header, and may hold control
 * characters: clean what goes to a terminal.
 */
typedef struct tm_client_event {
    tm_client_event_type type;
    uint64_t id;            /* the request's, from tm_client_submit(); 0: about no request */
    void *user;             /* what the submit's options gave; NULL otherwise */
    const char *header;     /* the event as it came: one line of JSON, without its LF */
    const char *job;        /* the server's id of the job, "k3f9-17" */
    const void *data;       /* the payload, never NULL; a NUL that is not counted follows it */
    size_t size;            /* of the payload, in bytes */
    const char *context;    /* compact JSON text; what the submit gave, but for blanks */
    const char *reason;     /* failed, overload: a word, "module", "timeout", "queue-full" */
    const char *code;       /* error: the server's; failed by a module: the module's own */
    const char *message;    /* error, failed: for people */
    const char *step;       /* failed, after a stop: "stop-flag", "sigterm" or "sigkill" */
    const char *signal;     /* failed, worker lost: the signal's name, "SIGSEGV" */
    int64_t exit_status;    /* failed, worker lost: 0 to 255 */
    int64_t position;       /* accepted: jobs ahead in the queue */
    int64_t worker;         /* started: the worker's number */
    int64_t order;          /* started, done, failed: place in the order of assignment, from 1 */
    int64_t wait_us;        /* done: microseconds in the queue */
    int64_t run_us;         /* done: microseconds in the worker */
    int64_t queued;         /* overload: jobs that wait */
    int64_t running;        /* overload: jobs that run */
    int64_t retry_after_ms; /* overload: when another try makes sense, milliseconds */
    const char *op;         /* ok, error: the request's */
    const char *state;      /* ok to cancel and kill: "waiting", "running" or "stopping" */
    bool fatal;             /* error: the server ends the connection after it */
} tm_client_event;

/* How to introduce oneself. Zero every member that is not set. */
typedef struct tm_client_options {
    const char *token;    /* the server's secret; NULL: none */
    const char *name;     /* for the server's log, "thumbs/1.2"; NULL: none */
    const char *module;   /* for submits that name no module; NULL: none */
    uint64_t reserved[5]; /* zero, or the call is INVALID */
} tm_client_options;

enum { TM_CLIENT_NOTIFY_ACCEPTED = 1, TM_CLIENT_NOTIFY_STARTED = 2 };

/* How to submit. Zero every member that is not set. */
typedef struct tm_client_submit_options {
    const char *context;  /* JSON text, at most 1,024 bytes when compact; NULL: none */
    void *user;           /* stays here, comes back in the job's events */
    uint32_t timeout_ms;  /* the job's time in a worker; 0: the server's own limits alone */
    uint32_t notify;      /* TM_CLIENT_NOTIFY_..., ored */
    bool link;            /* any end of this connection cancels the job */
    uint64_t reserved[4]; /* zero, or the call is INVALID */
} tm_client_submit_options;

/* The library's release, "0.1.0". Static. */
const char *tm_client_version(void);

/* The status as a word, "timeout". Static, never NULL. */
const char *tm_client_status_name(tm_client_status status);

/* A client that is not connected yet. NULL: no memory. Free it with tm_client_free(). */
TM_CLIENT_MUST_CHECK tm_client *tm_client_new(void);

/*
 * Closes the connection and frees the client with the events that it still holds; events that were
 * handed out live on. NULL is allowed. Jobs that were linked are cancelled; of the others, those
 * that wait are dropped or run unheard, as the server sees the end.
 */
void tm_client_free(tm_client *client);

/*
 * Connects and introduces itself, in `timeout_ms` altogether (but for the name lookup of a HOST
 * that is no number, which the system's resolver times). `address` is HOST:PORT, [IPV6]:PORT or
 * unix:PATH; a HOST with several addresses is tried one by one. `options` may be NULL.
 *
 * REFUSED: the server does not want us (wrong token, too many clients), tm_client_error_code() has
 * its word. After any failure the client is as new and may try again; once connected, one client is
 * one connection, and a second call is INVALID.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_connect(tm_client *client, const char *address,
                                                        const tm_client_options *options,
                                                        int timeout_ms);

/* Why the last call failed, one line without control characters; means nothing after one that did
 * not. Borrowed, until the next call. Never NULL. */
const char *tm_client_error(const tm_client *client);

/* The server's own word for that failure, "unknown-job"; "" if it was not the server's. Borrowed,
 * until the next call. */
const char *tm_client_error_code(const tm_client *client);

/* The error event that it came in, one line of JSON without its LF; "" likewise. Borrowed, until
 * the next call. */
const char *tm_client_error_event(const tm_client *client);

/* The server's name and release, "taskmasterd/0.1.0", control characters replaced; "" before
 * tm_client_connect(). Borrowed, until tm_client_free(). */
const char *tm_client_server(const tm_client *client);

/* The largest payload of a job in bytes, either way; 0 before tm_client_connect(). A server that
 * sends a larger one breaks the protocol. */
size_t tm_client_payload_max(const tm_client *client);

/* How many jobs are in flight: submitted, and the event that ends them has not come in. */
size_t tm_client_in_flight(const tm_client *client);

/*
 * Submits a job. `module` may be NULL if there is a default; `data` may be NULL if `size` is 0
 * (range 0 to tm_client_payload_max()), and is not needed any more once the call returns. `options`
 * may be NULL. `*id` (may be NULL) gets the request's id, 1 and up, never used twice.
 *
 * TIMEOUT means that nothing was submitted: earlier requests still fill the way out. OK means that
 * this one is on its way: what the socket did not take within the time is kept and sent along by
 * later calls. With the timeout 0 nothing is read.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_submit(tm_client *client, const char *module,
                                                       const void *data, size_t size,
                                                       const tm_client_submit_options *options,
                                                       int timeout_ms, uint64_t *id);

/*
 * Takes the next event of any job. OK: `*event` is the caller's, to be freed with
 * tm_client_event_free(). NOTHING: every job has ended and every event was taken. An ERROR event
 * with the id 0 is about no job that the library knows of. On anything but OK `*event` is NULL.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_next(tm_client *client, int timeout_ms,
                                                     tm_client_event **event);

/* The same for the events of one job; those of others stay queued. NOTHING: `id` names no job in
 * flight, and its events were all taken. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_next_for(tm_client *client, uint64_t id,
                                                         int timeout_ms, tm_client_event **event);

/* Frees an event. NULL is allowed. */
void tm_client_event_free(tm_client_event *event);

/* True for the events that end a job. */
bool tm_client_event_is_final(const tm_client_event *event);

/*
 * Requests that are answered: each waits for its answer. After a TIMEOUT the request may still take
 * effect; an answer that comes late is dropped. REFUSED: see tm_client_error_code().
 *
 * Where there is `answer` (may be NULL), on OK it gets an event that is the caller's, on anything
 * else NULL.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_ping(tm_client *client, int timeout_ms);

/* Changes the default module of this connection. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_set_module(tm_client *client, const char *module,
                                                           int timeout_ms);

/* The answer's payload is the server's figures: a JSON object. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_stats(tm_client *client, int timeout_ms,
                                                      tm_client_event **answer);

/* The answer's payload is the list of workers: a JSON array of objects. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_workers(tm_client *client, int timeout_ms,
                                                        tm_client_event **answer);

/*
 * Cancels a job, by the server's id of it (of any connection) or by the id under which this client
 * submitted it. OK means that the server is at it; the answer's `state` says how far the job was,
 * and its end comes as an event of its own. A job that has ended is REFUSED, code unknown-job.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_cancel(tm_client *client, const char *job,
                                                       int timeout_ms, tm_client_event **answer);
TM_CLIENT_MUST_CHECK tm_client_status tm_client_cancel_id(tm_client *client, uint64_t id,
                                                          int timeout_ms, tm_client_event **answer);

/* The same with SIGKILL at once, also after a cancel that takes too long. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_kill(tm_client *client, const char *job,
                                                     int timeout_ms, tm_client_event **answer);
TM_CLIENT_MUST_CHECK tm_client_status tm_client_kill_id(tm_client *client, uint64_t id,
                                                        int timeout_ms, tm_client_event **answer);

/*
 * For event loops, a turn in this order:
 *
 *   - wait until tm_client_fd() (-1 before tm_client_connect(), then the same until
 *     tm_client_free(); borrowed) is ready for tm_client_poll_events() (POLLIN, with POLLOUT while
 *     something is to be sent; ask before every wait), and call tm_client_process();
 *   - take events with tm_client_next(client, 0, ...) until there is none: one that is queued does
 *     not make the descriptor ready again;
 *   - submit, with the timeout 0, which writes and does not read. What it puts off with TIMEOUT
 *     has its chance in the next turn: the descriptor becomes ready for it.
 *
 * Any other call may queue events or send what was put off, and belongs before the second step.
 */
int tm_client_fd(const tm_client *client);
short tm_client_poll_events(const tm_client *client);

/*
 * Reads and writes what can be read and written at once, a bounded amount. OK while the connection
 * lives; CLOSED, PROTOCOL or MEMORY when it is over (tm_client_next() then hands out what had come
 * in before). It need not be checked: in the step behind it tm_client_next() says the same, once it
 * has handed out all.
 */
tm_client_status tm_client_process(tm_client *client);

#ifdef __cplusplus
}
#endif

#endif
