/*
 * report: writes lines for the master's log.
 *
 * A worker's stdout and stderr are one pipe, read by the master line by line. A line beginning with
 * <N>, a syslog priority, is logged at that level; other output of a module is logged as info. The
 * master adds the worker's and the job's number, and escapes control characters. An LF within a
 * text is sent as a NUL, so that the text stays one line.
 */
#ifndef TASKMASTER_WORKER_REPORT_H
#define TASKMASTER_WORKER_REPORT_H

#include <taskmaster/module.h>

#include <stdint.h>

/* Longer text, in bytes, is cut; module.h promises this length for tm_log(). */
enum { REPORT_MAX = 1024 };

/* Debug lines are dropped while `*debug` is 0, to save a system call for each line that the master
 * would drop. The master may change it at any time. Without the call all are dropped. */
void report_follow_debug(const uint32_t *debug);

/* From now on, writes lines to this descriptor. At first it is 2. */
void report_set_fd(int fd);

/* From now on, writes lines for people, without a priority. */
void report_set_plain(void);

/* Writes one line, after flushing stdout. errno is preserved. */
void report(tm_level level, const char *fmt, ...) TM_PRINTF(2, 3);
void report_v(tm_level level, const char *fmt, va_list args);

/* Flushes stdout, and ends an unfinished line: the next bytes in the pipe may be a priority or
 * belong to another job, and must not be taken for the rest of that line. */
void report_flush_stdout(void);

#endif
