/*
 * client.h: libtaskmaster, the client's side of taskmasterd and of taskqueued (protocol version 1).
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
 * One tm_client is one connection. Many jobs may be in flight on it. Events name the job by the id
 * from tm_client_submit(), and may come in another order than the submits.
 *
 * Time: every timeout is in milliseconds; 0 does not wait, -1 waits for ever. A signal does not end
 * a wait.
 *
 * Reading and writing: a call that writes also reads, or else the two sides could wait for each
 * other. Events arriving meanwhile are queued, in order, for tm_client_next() and
 * tm_client_next_for().
 *
 * Restarts: a server about to end refuses all that has not begun. If somebody listens at its
 * address already, the next server or a service manager with its socket, calls with time to wait
 * connect again by themselves and submit those jobs once more, in their order. The caller notices
 * nothing but a second ACCEPTED, if asked for: the job has another id there. A client without
 * anything in flight connects again at its next request. A job that may have begun is never
 * submitted again: its end is told, or the connection's end is. Calls with the timeout 0, and
 * clients that listen (struct tm_client_options), do not do this.
 *
 * Threads: a tm_client may be used on any thread, but by one thread at a time; two clients share
 * nothing. An event belongs to its receiver, may be used on any thread, and outlives its client.
 *
 * Manners: the library never prints, exits, starts a thread, sets a signal handler or raises
 * SIGPIPE. Running out of memory is a status like any other. The library copies all texts passed to
 * it.
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

/* The result of a call. Any status but TM_CLIENT_OK leaves a text in tm_client_error(). */
typedef enum tm_client_status {
    TM_CLIENT_OK = 0,
    TM_CLIENT_TIMEOUT,     /* the time is over; nothing is lost, the call may be repeated */
    TM_CLIENT_NOTHING,     /* no event is queued, and nothing in flight can send one */
    TM_CLIENT_INVALID,     /* the arguments are wrong; nothing was sent */
    TM_CLIENT_REFUSED,     /* the server answered this request with an error */
    TM_CLIENT_UNREACHABLE, /* no such address, or nobody listens there */
    TM_CLIENT_CLOSED,      /* the connection has ended, and all its events were taken */
    TM_CLIENT_PROTOCOL,    /* the server broke the protocol; otherwise as CLOSED */
    TM_CLIENT_MEMORY       /* no memory; while reading: as CLOSED; otherwise nothing was sent */
} tm_client_status;

/*
 * The kind of an event.
 *
 * Of jobs: ACCEPTED, STARTED, PROGRESS, PART and RETRY come only if asked for; exactly one of DONE,
 * FAILED, OVERLOAD and ERROR ends each job. A submit with `detach` or `service` ends with ACCEPTED
 * instead. A request "wait" has the events of a job, too.
 *
 * Of no request, and only for a client that listens (struct tm_client_options): DOWN, SERVICE and
 * WORKER of its monitors, WATCH of its watch, DRAINING of the server, and DONE and FAILED of jobs
 * for its services, with a `service`.
 *
 * All others answer a request.
 */
typedef enum tm_client_event_type {
    TM_CLIENT_EVENT_OTHER = 0, /* an answer this release has no constant for; see its `header` */
    TM_CLIENT_EVENT_ACCEPTED = 1,
    TM_CLIENT_EVENT_STARTED,
    TM_CLIENT_EVENT_DONE,
    TM_CLIENT_EVENT_FAILED,
    TM_CLIENT_EVENT_OVERLOAD, /* the server is full, no job was made; try again later */
    TM_CLIENT_EVENT_ERROR,    /* the request was refused, no job was made */
    TM_CLIENT_EVENT_OK,
    TM_CLIENT_EVENT_PONG,
    TM_CLIENT_EVENT_STATS,
    TM_CLIENT_EVENT_WORKERS,
    TM_CLIENT_EVENT_CRASHES,
    TM_CLIENT_EVENT_HELLO, /* the connection is ready; after tm_client_connect_start() */
    TM_CLIENT_EVENT_PROGRESS,
    TM_CLIENT_EVENT_PART, /* a piece of the result, as the payload */
    TM_CLIENT_EVENT_DOWN, /* the end of a monitored job, worker or client */
    TM_CLIENT_EVENT_SERVICE,
    TM_CLIENT_EVENT_WORKER,
    TM_CLIENT_EVENT_WATCH,
    TM_CLIENT_EVENT_DRAINING, /* the server is ending: it takes no more jobs */
    TM_CLIENT_EVENT_STATUS,
    TM_CLIENT_EVENT_JOBS,
    TM_CLIENT_EVENT_PEEK,
    TM_CLIENT_EVENT_CLIENTS,
    TM_CLIENT_EVENT_MODULES,
    TM_CLIENT_EVENT_SERVICES,
    TM_CLIENT_EVENT_RETRY /* taskqueued: the job has failed, and runs again after `delay_ms` */
} tm_client_event_type;

/*
 * One event. Free it with tm_client_event_free(); it owns everything it points to. An absent text
 * is NULL, an absent number is -1. Later releases append members. Texts come from the server, have
 * at most the 4,096 bytes of a header, and may hold control characters: clean them before printing
 * to a terminal.
 */
typedef struct tm_client_event {
    tm_client_event_type type;
    uint64_t id;            /* the request's, from tm_client_submit(); 0: none */
    void *user;             /* from the options of the submit, or the request; else NULL */
    const char *header;     /* the event as received: one line of JSON, without its LF */
    const char *job;        /* the server's id of the job, "k3f9-17" */
    const void *data;       /* the payload, never NULL; a NUL, not counted, follows it */
    size_t size;            /* of the payload, in bytes */
    const char *context;    /* compact JSON text: the submit's, without blanks */
    const char *reason;     /* failed, overload, down, service, worker, watch: a word, "timeout" */
    const char *code;       /* error: the server's; failed by a module: the module's */
    const char *message;    /* error, failed: for people; progress: the module's words */
    const char *step;       /* failed, after a stop: "stop-flag", "sigterm" or "sigkill" */
    const char *signal;     /* failed, worker lost: the signal's name, "SIGSEGV" */
    int64_t exit_status;    /* failed, worker lost: 0 to 255 */
    int64_t position;       /* accepted: number of jobs ahead in the queue */
    int64_t worker;         /* started, down, worker, watch: the worker's number */
    int64_t order;          /* started, done, failed: rank in the order of assignment, from 1 */
    int64_t wait_us;        /* done, watch: microseconds in the queue */
    int64_t run_us;         /* done, watch: microseconds in the worker */
    int64_t queued;         /* overload: number of waiting jobs */
    int64_t running;        /* overload: number of running jobs */
    int64_t retry_after_ms; /* overload, failed: milliseconds before the next try */
    const char *op;         /* ok, error: the request's */
    const char *state;      /* ok to cancel and kill, service, worker, watch: a word, "waiting" */
    bool fatal;             /* error: the server ends the connection after it */
    const char *by;         /* failed, down: "submitter", "link", "client", "operator", "reader" */
    const char *by_name;    /* failed, by "client": the client's name */
    bool last;              /* no further event has this id: the job or the request has ended */
    bool undelivered;       /* for a service in the place of another, see dead-letters */
    const char *service;    /* done, failed: the service this is for; service: its name */
    const char *from;       /* with `service`: the name of the submitter */
    const char *submit_id;  /* with `service`: JSON text, the submitter's id of the request */
    const char *ref;        /* down, service, worker: JSON text, the monitor's */
    const char *pool;       /* started, overload, worker, watch: the pool's name */
    int64_t seq;            /* part: number of the piece, from 0 */
    double fraction;        /* progress: from 0 to 1; else -1 */
    int64_t cpu_us;         /* done, failed, with usage: microseconds of processor time */
    int64_t worker_rss;     /* done, failed, with usage: bytes, the worker's size at the end */
    int64_t count;          /* ok to cancel, kill and retry of a selection: number of jobs */
    int64_t attempt;        /* retry: the failed run; done, failed: the last one, from 2; else -1 */
    int64_t delay_ms;       /* retry: milliseconds until the job may run again */
    bool poison;            /* failed: the job was lost too often, and is not run again */
    bool joined;            /* accepted: the job was there already, under the same key */
} tm_client_event;

/* Options of tm_client_connect(). Zero all unused members. */
typedef struct tm_client_options {
    const char *token;    /* the server's secret; NULL: none */
    const char *name;     /* for the server's log, "thumbs/1.2"; NULL: none */
    const char *module;   /* default module for submits; NULL: none */
    bool listen;          /* take the events of no request; tm_client_next() then waits for them */
    uint64_t reserved[4]; /* zero, or the call is INVALID */
} tm_client_options;

enum {
    TM_CLIENT_NOTIFY_ACCEPTED = 1,
    TM_CLIENT_NOTIFY_STARTED = 2,
    TM_CLIENT_NOTIFY_PROGRESS = 4,
    TM_CLIENT_NOTIFY_PART = 8,   /* the result in pieces, as they come; see PART above */
    TM_CLIENT_NOTIFY_USAGE = 16, /* no event: `cpu_us` and `worker_rss` in the last one */
    TM_CLIENT_NOTIFY_RETRY = 32  /* taskqueued alone */
};

/* Somebody else's job, submitted on their behalf; needs the right "relay". Zero all unused members.
 */
typedef struct tm_client_relay {
    const char *origin;   /* the id under which the job is kept; NULL: none */
    const char *owner;    /* the submitter's name, field `for`; NULL: none */
    uint32_t attempt;     /* how often the job was submitted, this time included; 0: not told */
    uint64_t reserved[4]; /* zero, or the call is INVALID */
} tm_client_relay;

/* Options of tm_client_submit(). Zero all unused members. */
typedef struct tm_client_submit_options {
    const char *context;          /* JSON text, at most 1,024 bytes when compact; NULL: none */
    void *user;                   /* not sent; returned in the job's events */
    uint32_t timeout_ms;          /* limit of the job's run time; 0: only the server's limits */
    uint32_t notify;              /* TM_CLIENT_NOTIFY_..., ored */
    bool link;                    /* the end of this connection cancels the job */
    const char *service;          /* the registered name that gets the job's end; NULL: none */
    const tm_client_relay *relay; /* NULL: none */
    uint32_t max_wait_ms;         /* limit of the time before the job begins; 0: the server's */
    uint32_t soft_timeout_ms;     /* run time before the stop flag alone is set; 0: none */
    bool detach;                  /* the job is nobody's: ACCEPTED is the last event */
    bool link_on_failure;         /* as `link`, but not after the request bye */
    uint8_t reserved[6];          /* zero, or the call is INVALID */
} tm_client_submit_options;

/* For tm_client_resize(). -1: as it is. */
typedef struct tm_client_pool_size {
    int64_t pool_start; /* number of workers kept */
    int64_t pool_max;   /* number of workers, at most */
    int64_t job_max;    /* number of waiting jobs, at most */
} tm_client_pool_size;

/* Returns the library's release, "0.2.0". Static. */
const char *tm_client_version(void);

/* Returns the status as a word, "timeout". Static, never NULL. */
const char *tm_client_status_name(tm_client_status status);

/* Returns a client, not connected yet, or NULL without memory. Free it with tm_client_free(). */
TM_CLIENT_MUST_CHECK tm_client *tm_client_new(void);

/*
 * Closes the connection and frees the client with all queued events; events taken by the caller
 * live on. NULL is allowed. The server cancels linked jobs and may drop waiting jobs; other jobs
 * run to their end, and their events are lost.
 */
void tm_client_free(tm_client *client);

/*
 * Connects and introduces itself to the server, within `timeout_ms` altogether. (Only the name
 * lookup of a HOST has its own time limit, the resolver's.) `address` is HOST:PORT, [IPV6]:PORT or
 * unix:PATH; if HOST has several addresses, they are tried one by one. `options` may be NULL.
 *
 * Returns REFUSED if the server rejects this client (wrong token, too many clients);
 * tm_client_error_code() has the reason. After any failure the client may try again. After success,
 * a second call is INVALID.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_connect(tm_client *client, const char *address,
                                                        const tm_client_options *options,
                                                        int timeout_ms);

/*
 * Begins what tm_client_connect() does, and does not wait for it: for event loops. OK: it is under
 * way. Then tm_client_next() returns a HELLO event once the client is connected, or the reason for
 * the failure, one of UNREACHABLE, REFUSED and those for a connection's end; the client may then
 * try again. tm_client_process() moves it on, see below. Until the HELLO, requests are INVALID, and
 * the descriptor may change. There is no time limit but the kernel's: the caller's loop may free
 * the client.
 *
 * Only the lookup of a HOST waits, for the resolver. A HOST in numbers needs no lookup, nor does a
 * unix socket. To a unix socket with a full backlog the result is UNREACHABLE.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_connect_start(tm_client *client,
                                                              const char *address,
                                                              const tm_client_options *options);

/* Returns the reason for the last call's failure, one line without control characters, never NULL;
 * meaningless after a success. Borrowed, valid until the next call. */
const char *tm_client_error(const tm_client *client);

/* Returns the server's code for the last failure, "unknown-job"; "" if the failure was not the
 * server's. Borrowed, valid until the next call. */
const char *tm_client_error_code(const tm_client *client);

/* Returns the server's error event for the last failure, one line of JSON without its LF; "" if the
 * failure was not the server's. Borrowed, valid until the next call. */
const char *tm_client_error_event(const tm_client *client);

/* Returns the server's name and release, "taskmasterd/0.2.0", control characters replaced; ""
 * before tm_client_connect(). Borrowed, valid until tm_client_free(). */
const char *tm_client_server(const tm_client *client);

/* Returns the largest payload of a job or a result, in bytes; 0 before tm_client_connect(). A
 * larger payload from the server is a PROTOCOL fault; but answers to other requests, the ends of
 * jobs for this client's services, and results kept by taskqueued may be larger. */
size_t tm_client_payload_max(const tm_client *client);

/* Returns the number of jobs and requests in flight: sent by tm_client_submit() or
 * tm_client_request(), and their last event has not arrived. */
size_t tm_client_in_flight(const tm_client *client);

/*
 * Submits a job. `module` may be NULL if there is a default module. `size` is from 0 to
 * tm_client_payload_max() bytes; `data` may be NULL if `size` is 0, and is not used after the call
 * returns. `options` may be NULL. `*id` gets the request's id, from 1, never used twice; `id` may
 * be NULL.
 *
 * TIMEOUT: nothing was submitted, because earlier requests still wait to be sent. OK: the job is on
 * its way. Later calls send the bytes not taken by the socket in time. With `timeout_ms` 0 the call
 * does not read.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_submit(tm_client *client, const char *module,
                                                       const void *data, size_t size,
                                                       const tm_client_submit_options *options,
                                                       int timeout_ms, uint64_t *id);

/*
 * Takes the next event of any job or request. OK: the caller owns `*event` and frees it with
 * tm_client_event_free(). NOTHING: all jobs and requests have ended and all events were taken;
 * never for a client that listens (struct tm_client_options). An ERROR event with the id 0 concerns
 * no known job. On any status but OK, `*event` is NULL.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_next(tm_client *client, int timeout_ms,
                                                     tm_client_event **event);

/* Takes the next event of the job or request `id`; other events stay queued. NOTHING: none in
 * flight has this id, and all its events were taken. Otherwise as tm_client_next(). */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_next_for(tm_client *client, uint64_t id,
                                                         int timeout_ms, tm_client_event **event);

/* Frees an event. NULL is allowed. */
void tm_client_event_free(tm_client_event *event);

/* Returns true for DONE, FAILED, OVERLOAD and ERROR, and where `last` is true: the job or the
 * request has ended. */
bool tm_client_event_is_final(const tm_client_event *event);

/*
 * Any request by its name: each one of the protocol (doc/protocol.md), those of later servers
 * included. So a request needs no function of its own here; the functions below are those of the
 * first release.
 *
 * `fields` is the JSON text of an object with the fields of the request, {"job":"k3f9-17"}, but for
 * `op`, `id` and `size`; NULL: none. `data` and `size` are its payload, as of tm_client_submit().
 *
 * tm_client_request() does not wait for the answer. The answer is an event with the id in `*id` and
 * with `user`: of the request's own type, OK or ERROR. With `timeout_ms` 0 the call does not read;
 * TIMEOUT: nothing was sent. With the ops "submit" and "wait" the events are those of a job.
 *
 * tm_client_ask() waits, as the functions below do. The ops "submit" and "wait" are INVALID.
 *
 * The options of tm_client_submit() have no members for the fields of taskqueued: a submit with a
 * key, retries or a delay goes this way. Its job is kept, whatever becomes of this connection:
 *
 *     tm_client_request(client, "submit",
 *                       "{\"module\":\"mail\",\"key\":\"order-17\",\"retries\":5,\"detach\":true}",
 *                       data, size, NULL, 5000, &id);
 *
 * ACCEPTED has the server's id of the job. Any client, at any time, then has its end by
 *
 *     tm_client_request(client, "wait", "{\"job\":\"q17\"}", NULL, 0, NULL, 5000, &id);
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_request(tm_client *client, const char *op,
                                                        const char *fields, const void *data,
                                                        size_t size, void *user, int timeout_ms,
                                                        uint64_t *id);
TM_CLIENT_MUST_CHECK tm_client_status tm_client_ask(tm_client *client, const char *op,
                                                    const char *fields, const void *data,
                                                    size_t size, int timeout_ms,
                                                    tm_client_event **answer);

/*
 * The following requests wait for their answer. After a TIMEOUT the request may still take effect;
 * a late answer is dropped. REFUSED: see tm_client_error_code().
 *
 * `*answer` gets an event owned by the caller on OK, NULL on any other status; `answer` may be
 * NULL.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_ping(tm_client *client, int timeout_ms);

/* Changes the default module of this connection. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_set_module(tm_client *client, const char *module,
                                                           int timeout_ms);

/* Asks for the server's figures. The answer's payload is a JSON object. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_stats(tm_client *client, int timeout_ms,
                                                      tm_client_event **answer);

/* Asks for the list of workers. The answer's payload is a JSON array of objects. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_workers(tm_client *client, int timeout_ms,
                                                        tm_client_event **answer);

/* Asks for the last crashes of a module; NULL: of all modules. The answer's payload is a JSON array
 * of objects. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_crashes(tm_client *client, const char *module,
                                                        int timeout_ms, tm_client_event **answer);

/*
 * Cancel a job, named by the server's id (a job of any connection) or by this client's id of the
 * submit. OK: the server is stopping the job; the answer's `state` is the job's state before, and
 * the job's end comes as an event of its own. For a finished job the result is REFUSED, code
 * unknown-job.
 */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_cancel(tm_client *client, const char *job,
                                                       int timeout_ms, tm_client_event **answer);
TM_CLIENT_MUST_CHECK tm_client_status tm_client_cancel_id(tm_client *client, uint64_t id,
                                                          int timeout_ms, tm_client_event **answer);

/* Kill a job: like cancel, but with SIGKILL at once; also for a job whose cancel takes too long. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_kill(tm_client *client, const char *job,
                                                     int timeout_ms, tm_client_event **answer);
TM_CLIENT_MUST_CHECK tm_client_status tm_client_kill_id(tm_client *client, uint64_t id,
                                                        int timeout_ms, tm_client_event **answer);

/*
 * The following requests are the operator's. The server may ask for a token with the right to them,
 * or else the result is REFUSED, code denied. The members of tm_client_event do not have all fields
 * of these answers; read the others from its `header`.
 */

/* Kills a worker with SIGKILL. `worker` is its number. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_kill_worker(tm_client *client, uint64_t worker,
                                                            int timeout_ms,
                                                            tm_client_event **answer);

/* Pause: no further job of the pool begins, until resume. `pool` NULL: all pools. The answer has
 * `was`, a boolean: paused before (all of them). taskqueued has no pools: NULL pauses all of it,
 * and tm_client_ask() with `module` one module. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_pause(tm_client *client, const char *pool,
                                                      int timeout_ms, tm_client_event **answer);
TM_CLIENT_MUST_CHECK tm_client_status tm_client_resume(tm_client *client, const char *pool,
                                                       int timeout_ms, tm_client_event **answer);

/* Changes the size of a pool until the next reload; NULL: the pool "default". The answer has the
 * three numbers in force: `pool_start`, `pool_max`, `job_max`. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_resize(tm_client *client, const char *pool,
                                                       const tm_client_pool_size *size,
                                                       int timeout_ms, tm_client_event **answer);

/* Replaces the workers of a pool (NULL: of all), or one worker, without losing a job. The answer
 * has `workers`, their number. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_recycle(tm_client *client, const char *pool,
                                                        int timeout_ms, tm_client_event **answer);
TM_CLIENT_MUST_CHECK tm_client_status tm_client_recycle_worker(tm_client *client, uint64_t worker,
                                                               int timeout_ms,
                                                               tm_client_event **answer);

/* Lets the server read its settings again. The answer comes when it is decided whether the workers
 * are replaced. It has `changed`, a list of keys, and `renewed`, a boolean. Unusable settings: the
 * result is REFUSED, code bad-config, and the error event has `file`, `line` and `key`. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_reload(tm_client *client, int timeout_ms,
                                                       tm_client_event **answer);

/* Lets the server open the file of its log again, after a rotation. The answer has `file`, if the
 * setting log-file is set. The file cannot be opened: the result is REFUSED, code bad-config. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_reopen(tm_client *client, int timeout_ms,
                                                       tm_client_event **answer);

/* Ends the server as SIGTERM does. `waiting` says what becomes of waiting jobs: "fail" or "run";
 * NULL: what the server's settings say. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_drain(tm_client *client, const char *waiting,
                                                      int timeout_ms, tm_client_event **answer);

/* Changes the level of the server's log until the next reload. The answer has `was`, the level
 * before. */
TM_CLIENT_MUST_CHECK tm_client_status tm_client_log_level(tm_client *client, const char *level,
                                                          int timeout_ms, tm_client_event **answer);

/*
 * For event loops: do these steps in each turn, in this order:
 *
 *   1. Wait until tm_client_fd() is ready for tm_client_poll_events(): POLLIN, and POLLOUT while
 *      bytes wait to be sent. Ask for the events before every wait. Then call tm_client_process().
 *   2. Take events with tm_client_next(client, 0, ...) until none is left: a queued event does not
 *      make the descriptor ready again.
 *   3. Submit with the timeout 0: the call writes and does not read. After a TIMEOUT, submit again
 *      in a later turn; the descriptor becomes ready for it.
 *
 * Make any other call before the second step: it may queue events.
 *
 * Memory: a call reads at most 1 MiB or one event beyond it, so a loop taking all events of a turn
 * holds no more. To slow a server down, leave out these steps: it holds back parts of results, then
 * the jobs of this client, and cancels or closes in the end (part-stall-ms, output-timeout-ms). A
 * call waiting for an answer reads on, and keeps everything sent before the answer.
 *
 * The descriptor is borrowed. It is -1 before tm_client_connect(), and then stays the same until
 * tm_client_free(). During tm_client_connect_start(), and in a call with time to wait that connects
 * again (Restarts, above), it may change: ask for it before every wait.
 */
int tm_client_fd(const tm_client *client);
short tm_client_poll_events(const tm_client *client);

/*
 * Reads and writes without waiting, a bounded amount. Returns OK while the connection lives;
 * CLOSED, PROTOCOL or MEMORY after its end; after tm_client_connect_start() also the reason for its
 * failure. The status need not be checked: tm_client_next() first
 * returns the queued events, and then the same status.
 */
tm_client_status tm_client_process(tm_client *client);

#ifdef __cplusplus
}
#endif

#endif
