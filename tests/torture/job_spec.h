/* job_spec: the task of one job, and its permitted ends. */
#ifndef TORTURE_JOB_SPEC_H
#define TORTURE_JOB_SPEC_H

#include "random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
    CMD_HASH,
    CMD_SLEEP,
    CMD_BIG,
    CMD_STREAM,       /* A bytes in parts of B bytes */
    CMD_STREAM_DIE,   /* likewise, and SIGKILL amid */
    CMD_PROGRESS,     /* A reports, B microseconds apart */
    CMD_PROGRESS_DIE, /* likewise, and SIGKILL behind the last one */
    CMD_STOP_FAIL,
    CMD_STOP_DONE,
    CMD_TOO_LARGE,
    CMD_DIE_SENDING,
    CMD_SIGNAL,
    CMD_EXIT,
    CMD_QUICK_EXIT,
    CMD_LOOP,
    CMD_LOOP_TERM,
    CMD_FLOOD,
    CMD_FAIL,
    CMD_FAIL_SILENT,
    CMD_CLOSE_FDS,
    CMD_MASK,
    CMD_FORK_HOLD,
    CMD_CONSTRUCTOR, /* a module with a deadly constructor */
    CMD_REFUSED,     /* a module refused by the loader */
    CMD_INIT_FAILS,  /* a module with an init() that refuses in every worker */
    CMD_MOODY,       /* a module with an init() that refuses in some workers */
    CMD_NO_MODULE,
    COMMANDS
};

enum module {
    MODULE_FIRST, /* the first four are the same module under several names */
    MODULE_SECOND,
    MODULE_THIRD,
    MODULE_FRAIL, /* its jobs mostly crash */
    MODULE_MOODY, /* its init() refuses in some workers */
    MODULE_CONSTRUCTOR,
    MODULE_BAD_ABI,
    MODULE_INIT_FAILS,
    MODULE_NOT_THERE,
    MODULES
};

enum { MODULES_SET = MODULE_MOODY + 1 }; /* the first ones: with settings, and a pool */

extern const char *const module_names[MODULES];

/* The possible ends of a job without any outside fault. Timeouts and cancels are judged apart. */
enum {
    MAY_BE_DONE = 1,
    MAY_BE_LOST = 2, /* it ends its worker */
    MAY_FAIL = 4,    /* it reports a failure */
    MAY_BE_TOO_LARGE = 8,
    MAY_BE_UNAVAILABLE = 16,
    MAY_BE_UNKNOWN = 32,
    MAY_BE_REFUSED = 64, /* unavailable, once a fresh worker has refused */
};

struct command_info {
    const char *name; /* the module's word for it */
    enum module module;
    unsigned may;
};

extern const struct command_info command_table[COMMANDS];

/* When it is cancelled or killed. */
enum { SERVICES = 3 };

extern const char *const service_names[SERVICES];

enum cancel_when { CANCEL_NEVER, CANCEL_AT_ONCE, CANCEL_AT_STARTED };

struct job_spec {
    uint8_t command; /* enum command */
    uint8_t module;  /* enum module */
    uint8_t cancel;  /* enum cancel_when */
    bool kill;       /* rather than cancel */
    bool link;
    bool detach;
    uint8_t service; /* its place, plus 1; 0: none */
    bool monitored;  /* its end is monitored, too */
    bool notify_accepted, notify_started, notify_progress;
    bool context;
    bool text_id;                          /* the id is a string */
    bool wrong;                            /* an unknown field: ends in error bad-request */
    uint32_t filler;                       /* bytes of payload behind the line */
    uint32_t timeout_ms;                   /* 0: none */
    uint32_t soft_timeout_ms, max_wait_ms; /* likewise */
    uint64_t a, b;
};

/* The job sends parts, and its client asks for them. */
bool job_spec_streams(const struct job_spec *spec);

/* `accepted` ends the submit. */
bool job_spec_is_detached(const struct job_spec *spec);

/* Some common jobs are detached, for a service, or monitored. */
void job_spec_part(struct job_spec *spec, struct rng *rng);

/* Size of the right result, in bytes. */
size_t job_spec_result_size(const struct job_spec *spec);

/* Draws a common job: most are short, some are large, slow or cancelled. */
struct job_spec job_spec_common(struct rng *rng);

/* A misbehaving job. Fields that are not drawn keep their defaults. */
struct job_spec job_spec_of(enum command command, struct rng *rng, uint32_t payload_max);

#endif
