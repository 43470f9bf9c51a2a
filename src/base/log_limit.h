/*
 * log_limit: a line of the log that anybody can cause who can connect: some a second are written,
 * the others are counted, and the count is told once a second.
 *
 * Otherwise a stranger fills the disk, and what matters scrolls away. (An episode, which tells but
 * its beginning and end, would hide that the lines differ: one peer's wrong token and another's
 * broken client are two things to know.)
 */
#ifndef TASKMASTER_BASE_LOG_LIMIT_H
#define TASKMASTER_BASE_LOG_LIMIT_H

#include "base/timers.h"
#include "common/log.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOG_LIMIT_LINES = 10 }; /* a second */

struct log_limit {
    enum log_level level; /* of the lines, and of the count */
    const char *event;    /* their name; static */
    const char *module;   /* NULL, or whose lines they are; borrowed */
    struct timers *timers;
    struct timer second; /* set while one runs */
    uint32_t lines;      /* in this second */
    uint64_t left_out;   /* of this second's lines */
};

void log_limit_init(struct log_limit *limit, struct timers *timers, enum log_level level,
                    const char *event);

/* Whether the next line may be written; if not, it is counted. */
bool log_limit_allows(struct log_limit *limit);

/* True while one of its seconds runs: lines have been counted in it. */
bool log_limit_is_counting(const struct log_limit *limit);

/* Tells what is left to tell. */
void log_limit_end(struct log_limit *limit);

#endif
