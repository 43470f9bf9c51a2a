/*
 * report: lines for the master's log.
 *
 * A worker's stdout and stderr are one pipe that the master reads line by line. A line that begins
 * with <N>, a syslog priority, is logged at that level; whatever else a module prints is logged as
 * info. The master adds which worker and which job it was, and escapes what a line of the log must
 * not hold. An LF within a text stands in the pipe as a NUL, so that the text stays one line.
 */
#ifndef TASKMASTER_WORKER_REPORT_H
#define TASKMASTER_WORKER_REPORT_H

#include <taskmaster/module.h>

#include <stdbool.h>

/* Text beyond this many bytes is cut; tm_log() promises as much to modules. */
enum { REPORT_MAX = 1024 };

/* Debug lines are dropped until this is called with true: one that the master would throw away is
 * not worth a system call. */
void report_set_debug(bool debug);

/* From now on lines are for people: without a priority. */
void report_set_plain(void);

/* One line, after all that stdout still holds. errno is preserved. */
void report(tm_level level, const char *fmt, ...) TM_PRINTF(2, 3);
void report_v(tm_level level, const char *fmt, va_list args);

/* Sends on what stdout still holds, as a whole line: the next thing in the pipe may be a priority,
 * or another job's, and must not be taken for the rest of it. */
void report_flush_stdout(void);

#endif
