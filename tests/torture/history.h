/*
 * history: all actions and events in their order, and every job's record. Judging is the checker's
 * part, afterwards.
 */
#ifndef TORTURE_HISTORY_H
#define TORTURE_HISTORY_H

#include "job_spec.h"
#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_JOB UINT32_MAX

enum event_type {
    EV_EPOCH,     /* the master listens; pid */
    EV_EPOCH_END, /* the master ended; code: enum epoch_end, a: wait status */
    EV_SETTINGS,  /* a: index of the layout, in force from about now */
    EV_CONN_OPEN,
    EV_CONN_END, /* code: enum conn_end, a: bytes written in all, b: requests without an answer,
                    c: did we end our side */
    EV_SUBMIT,   /* before the first byte is written */
    EV_CANCEL,   /* before the first byte of cancel or kill is written */
    EV_ACCEPTED,
    EV_STARTED,
    EV_DONE,
    EV_FAILED,
    EV_OVERLOAD,
    EV_ERROR,     /* with op submit and an id */
    EV_DELIVERED, /* a job's end, at the owner of its service; code: its event_type. The rest as in
                     EV_DONE and EV_FAILED */
    EV_OWNS,      /* a: the service; code: enum owns */
    EV_SELECT,    /* a cancel of all jobs of a module; a: the module, code: enum select */
    EV_STRAY,     /* an event of a job unknown to this connection; a: its event_type */
    EV_FATAL,     /* a fatal error; code: was it asked for? */
    EV_BROKEN,    /* the server broke the protocol; a: enum broken */
    EV_FAULT,     /* code: enum fault_kind; pid and a, the signal, if it is about a process */
    EV_REQUEST,   /* of the operator; code: enum ask, a: its number, b: the pool, PLAN_POOLS for all
                   */
    EV_REPLY,     /* code: enum reply, a: the number of the request */
    EV_PING,    /* a: microseconds without our own delays; b: the master's wait for a CPU, in us */
    EV_STOPPED, /* the master was stopped, or goes on (code 1) */
    EV_STUCK,   /* no event for too long: the round is broken off */
    EV_SAMPLE,  /* a: index of the sample */
    EVENT_TYPES
};

enum fail_reason_code {
    REASON_ERROR,
    REASON_MODULE,
    REASON_TIMEOUT,
    REASON_CANCELLED,
    REASON_UNKNOWN_MODULE,
    REASON_UNAVAILABLE,
    REASON_TOO_LARGE,
    REASON_SHUTDOWN,
    REASON_EXPIRED,
    REASON_OTHER
};

enum overload_code { OVER_MEMORY, OVER_QUOTA, OVER_QUEUE, OVER_SERVICE, OVER_OTHER };

enum error_code { ERR_BAD_REQUEST, ERR_DUPLICATE_ID, ERR_UNKNOWN_SERVICE, ERR_OTHER };

/* A connection and the name of a service. */
enum owns { OWNS_ASKED, OWNS_GIVEN, OWNS_TAKEN /* by another */, OWNS_LEFT, OWNS_FREED };

enum select { SELECT_ASKED, SELECT_DONE };

enum epoch_end { EPOCH_KILLED, EPOCH_DRAINED, EPOCH_DIED };

enum conn_end {
    END_RESET,     /* by us */
    END_CLOSED,    /* by us */
    END_ASKED,     /* the server closed, after our half-close or our fault */
    END_TOLERATED, /* the server closed, rightly: we had stopped reading */
    END_REFUSED,   /* never admitted */
    END_EPOCH,     /* the master is gone */
    END_LOST,      /* the server closed for no known reason */
};

enum ask { ASK_OTHER, ASK_PAUSE, ASK_RESUME };

enum reply {
    REPLY_OK,
    REPLY_IN_VAIN, /* no such worker, or bad settings */
    REPLY_NO_POOL,
    REPLY_ERROR,
};

enum broken {
    BROKEN_FRAMING,
    BROKEN_ORDER_OF_ANSWERS,
    BROKEN_JOB_NAME,
    BROKEN_MISSING_FIELD,
    BROKEN_STRANGER_TOLD,  /* something came back on the worker port */
    BROKEN_STRANGER_STAYS, /* a connection there was not closed in time */
    BROKEN_REFUSED,        /* a right request is answered with an error */
    BROKEN_REF,            /* an event of an unknown monitor, or a second `down` */
    BROKEN_SERVICE,        /* an event of a service for a job that was not for it */
    BROKEN_WORKERS,        /* a worker's news in an impossible order */
    BROKEN_KINDS
};

enum { SEEN_INTACT = 1, SEEN_CONTEXT = 2 };

struct event {
    uint64_t t_us;
    uint64_t a, b, c; /* job events: order, the number in the server's name of the job, result hash;
                         overload: queued, running, the client's open jobs */
    uint32_t conn;    /* 0: none */
    uint32_t uid;     /* NO_JOB: none */
    int32_t pid;      /* failed: of the lost worker; done: bytes of the result */
    int16_t how;      /* failed: the signal, or -1 - exit status; 0: neither; started, overload: the
                         pool, plus 1 */
    uint8_t type, code;
    uint8_t seen; /* terminal events: SEEN_... */
};

/* A monitored job's end, besides the reasons of failed. */
enum { DOWN_DONE = 100, DOWN_UNKNOWN, DOWN_DROPPED };

/* What can be wrong with a part. */
enum part_fault {
    PART_FINE,
    PART_OUT_OF_ORDER, /* another seq than the next one */
    PART_CORRUPT,      /* other bytes than the module's */
    PART_TOO_LATE,     /* behind the job's end */
    PART_UNASKED,
};

/* What can be wrong with a report on progress. */
enum report_fault {
    REPORT_FINE,
    REPORT_OUT_OF_ORDER,
    REPORT_CORRUPT,  /* of another job, or another than the module's */
    REPORT_TOO_LATE, /* behind the job's end */
    REPORT_UNASKED,
};

/* One job. Its uid is its place in the table. */
struct job_record {
    struct job_spec spec;
    uint64_t hash;       /* of its payload */
    uint64_t end_offset; /* of its last byte in its connection's output */
    uint32_t conn;
    uint32_t epoch;
    uint32_t twin;      /* the later job under the same id; NO_JOB: none */
    uint32_t twin_of;   /* the earlier one */
    bool partial;       /* its last byte is never written: it must not exist */
    bool may_be_passed; /* its client reads slowly */
    bool told;          /* its terminal event came */
    bool may_stall;     /* its client reads nothing for long: the job may end for that */
    uint8_t part_fault; /* enum part_fault: the first one */
    uint32_t parts;     /* that came */
    uint64_t part_bytes;
    bool light;           /* its client has little output, so no report is dropped */
    uint8_t report_fault; /* enum report_fault: the first one */
    uint32_t reports;     /* on its progress that came */
    uint64_t last_report; /* the latest one's number, from 1 */
    uint8_t delivered;    /* times, to the owner of its service */
    uint8_t downs;        /* of its monitor */
    uint8_t down_reason;  /* enum fail_reason_code, or DOWN_... */
    bool watched;         /* its monitor was asked for */
    bool down_fault;      /* the monitor was refused */
};

/* From stats: one pool. */
struct pool_sample {
    uint64_t starting, idle, busy, stopping, dead, waiting;
    bool paused, removed;
};

/* From stats. */
struct sample {
    uint64_t submitted, done, failed, overload, dropped, orphaned, running;
    struct pool_sample all;
    uint64_t pool_max, job_max, forks, exits, bytes, connected;
    uint64_t ends; /* the sum of the exits by reason */
    struct pool_sample pools[PLAN_POOLS];
    uint64_t children; /* the master's processes, by the kernel's count */
    uint64_t sent_us;  /* when the request was sent */
};

struct history {
    struct event *events;
    size_t event_count, event_room;
    struct job_record *jobs;
    size_t job_count, job_room;
    struct sample *samples;
    size_t sample_count, sample_room;
    struct layout *layouts;
    size_t layout_count, layout_room;
    uint32_t last_conn, epoch;
    uint64_t requests;  /* of the operator */
    uint64_t submitted; /* jobs with a whole submit */
};

void history_init(struct history *history);
void history_free(struct history *history);

/* An event at the present time. The pointer is good until the next call. */
struct event *history_add(struct history *history, enum event_type type);
struct event *history_add_conn(struct history *history, enum event_type type, uint32_t conn,
                               uint32_t uid);

/* The uid of a new job. */
uint32_t history_add_job(struct history *history, const struct job_spec *spec, uint32_t conn);

void history_add_sample(struct history *history, const struct sample *sample);
void history_add_layout(struct history *history, const struct layout *layout);
struct event *history_add_fault(struct history *history, enum fault_kind kind, int pid);

/* One line about an event, for people. Its time counts from `start_us`. */
void history_describe(const struct history *history, const struct event *event, uint64_t start_us,
                      char *text, size_t size);

enum fail_reason_code history_reason(const char *name);
const char *history_reason_name(enum fail_reason_code code);

#endif
