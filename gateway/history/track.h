/*
 * track: the last hour of one thing: the master, a pool, the queue. A row of its table is one
 * series; a value stands in the ring at the slot of its sample.
 */
#ifndef TASKMASTER_GATEWAY_HISTORY_TRACK_H
#define TASKMASTER_GATEWAY_HISTORY_TRACK_H

#include "base/histogram.h"
#include "base/json_writer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTORY_SIZE = 720 }; /* samples: an hour */

#define TRACK_UNKNOWN UINT64_MAX

enum track_kind {
    TRACK_LEVEL,      /* the figure now */
    TRACK_DIFFERENCE, /* what has been counted since the sample before; of an object the sum */
    TRACK_ENDED,      /* how many jobs with times have ended since then */
    TRACK_WAIT,       /* of the jobs that ended since then: a percentile of their waits */
    TRACK_RUN,        /* likewise of their runs */
};

struct track_row {
    const char *name; /* of the series; NULL: the table's end */
    enum track_kind kind;
    const char *path;     /* of the figure in the thing's JSON */
    unsigned thousandths; /* of a percentile */
};

enum { TRACK_ROWS_MAX = 32 };

/* What the sample before has told. */
struct track_before {
    bool is_known;
    uint64_t counted[TRACK_ROWS_MAX];
    struct histogram wait_us, run_us;
};

struct track {
    const struct track_row *rows;
    size_t count;
    uint64_t *values; /* owned: HISTORY_SIZE of each row */
    struct track_before before;
};

/* All slots are unknown. */
void track_init(struct track *track, const struct track_row *rows);
void track_free(struct track *track);

/* Takes a sample. `figures`: the thing's JSON; NULL: unknown. `times`: the objects with its jobs'
 * `wait_us` and `run_us`, as values of an object; or NULL: `figures` has them. */
void track_take(struct track *track, size_t slot, const json_t *figures, const json_t *times);

/* The next differences are unknown: the thing was started anew. */
void track_restart(struct track *track);

/* Writes the series as members: `count` slots from `first` on, around the ring. */
void track_write(const struct track *track, struct json_writer *json, size_t first, size_t count);

#endif
