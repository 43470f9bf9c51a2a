/*
 * log_limit: a rate for log lines caused by peers. Some lines a second are written, the others are
 * counted, and the count is logged once a second.
 *
 * Without a limit a peer fills the disk, and important lines scroll away. (log_episode logs only a
 * beginning and an end, and would hide the differences: one peer's wrong token and another's broken
 * client are two things to know.)
 */
#ifndef TASKMASTER_BASE_LOG_LIMIT_H
#define TASKMASTER_BASE_LOG_LIMIT_H

#include "base/timers.h"
#include "common/log.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOG_LIMIT_LINES = 10 }; /* a second, unless another rate is set */

struct log_limit {
    enum log_level level; /* of the lines, and of the count */
    const char *event;    /* their name; static */
    const char *module;   /* the module of the lines, or NULL; borrowed */
    struct timers *timers;
    struct timer second; /* set while a second runs */
    uint32_t rate;       /* most lines in a second */
    uint32_t lines;      /* in this second */
    uint64_t left_out;   /* of this second's lines */
};

void log_limit_init(struct log_limit *limit, struct timers *timers, enum log_level level,
                    const char *event);

/* Whether the next line may be written. If not, the line is counted. */
bool log_limit_allows(struct log_limit *limit);

/* True while lines of a second are being counted. */
bool log_limit_is_counting(const struct log_limit *limit);

/* Logs the count of this second. */
void log_limit_end(struct log_limit *limit);

#endif
