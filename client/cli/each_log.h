/*
 * each_log: the log of run --each, a line for each job that has ended, in the format of GNU
 * parallel's --joblog; and the lines of an earlier run for --resume.
 *
 * A line is written once the result is on its way to standard output, in the order of the output. A
 * line of input whose job did not begin, was cancelled or lost has none here, so that --resume
 * submits it again.
 */
#ifndef TASKMASTER_CLIENT_CLI_EACH_LOG_H
#define TASKMASTER_CLIENT_CLI_EACH_LOG_H

#include "each_records.h"
#include "settings.h"

struct each_log {
    const struct settings *settings; /* borrowed */
    int fd;                          /* -1: no log */
    bool failed;                     /* told once */
    uint64_t *ended;                 /* owned; --resume: the numbers of ended lines, sorted */
    size_t ended_count, next;        /* the next one to come */
};

/* Opens the log, if there is to be one. Returns 0, or -1 after a complaint. */
int each_log_open(struct each_log *log, const struct settings *settings);
void each_log_close(struct each_log *log);

/* The time of the wall clock. */
uint64_t each_log_now_us(void);

/* True if the line has ended in an earlier run. To be called with rising numbers. */
bool each_log_has(struct each_log *log, uint64_t number);

/* Writes the line of a record, if its job has come to an end of its own. A fault is told once. */
void each_log_note(struct each_log *log, const struct each_record *record);

#endif
