/*
 * log_limits: a log_limit for each event, level and module.
 *
 * A client can run a crashing module in a loop and cause thousands of lines a second. Each module
 * has a limit of its own, so that the noise of one module hides nothing of another. So has each
 * level: lines too low to be written must hide nothing either.
 *
 * Memory is bounded: an event and module need an entry for a second only. Events and modules
 * without an entry share one limit.
 */
#ifndef TASKMASTER_BASE_LOG_LIMITS_H
#define TASKMASTER_BASE_LOG_LIMITS_H

#include "base/log_limit.h"
#include "common/limits.h"

enum { LOG_LIMITS_MAX = 64 };

struct log_limits_entry {
    char module[MODULE_NAME_MAX + 1];
    struct log_limit limit;
};

/* Must not move until log_limits_end(). */
struct log_limits {
    struct log_limits_entry entries[LOG_LIMITS_MAX];
    struct log_limit others;
};

void log_limits_init(struct log_limits *limits, struct timers *timers);

/* Whether the next line of the event may be written. If not, the line is counted. `event` is
 * static. `module` is "-" for a line without module. */
bool log_limits_allow(struct log_limits *limits, enum log_level level, const char *event,
                      const char *module);

/* Logs the counts of this second. */
void log_limits_end(struct log_limits *limits);

#endif
