/*
 * top_recent: the server's earlier figures, kept by `top` to show what the last seconds were like.
 * Old jobs would hide new ones in the sums since the start.
 */
#ifndef TASKMASTER_CLIENT_CLI_TOP_RECENT_H
#define TASKMASTER_CLIENT_CLI_TOP_RECENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOP_RECENT_MS = 5000,     /* the time that counts as recent */
    TOP_RECENT_LOOKS = 12,    /* kept at most */
    TOP_RECENT_STEP_MS = 450, /* between two of them, so that they reach back far enough */
};

/* An answer to stats, and its time. */
struct top_past {
    json_t *stats; /* owned */
    int64_t ms;
};

struct top_recent {
    struct top_past looks[TOP_RECENT_LOOKS]; /* the oldest one first */
    size_t count;
};

void top_recent_free(struct top_recent *recent);

/* Keeps a borrowed answer for later. `now_ms`: any clock that does not go back. */
void top_recent_keep(struct top_recent *recent, json_t *stats, int64_t now_ms);

/* The look to compare the present with: as old as TOP_RECENT_MS if there is one, else the oldest.
 * NULL: there is none. */
const struct top_past *top_recent_before(const struct top_recent *recent, int64_t now_ms);

/* Writes the percentiles p50 and p99 of the jobs counted in `times` and not yet in `before`
 * (which may be NULL) into `times`: an object of the server's, as wait_us. Without such jobs, both
 * members go. */
void top_recent_times(json_t *times, const json_t *before);

/* Removes both members. */
void top_recent_no_times(json_t *times);

#endif
