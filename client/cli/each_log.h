/*
 * each_log: the log of run --each, a line for each job that has ended, in the format of GNU
 * parallel's --joblog; and the lines of an earlier run for --resume.
 *
 * A line is written behind the result, in the order of the output: a command killed between both
 * leaves a result without a line, and --resume gets the result again. A line of input whose job did
 * not begin, was cancelled or lost has none here, so that --resume submits it again.
 */
#ifndef TASKMASTER_CLIENT_CLI_EACH_LOG_H
#define TASKMASTER_CLIENT_CLI_EACH_LOG_H

#include "each_records.h"
#include "settings.h"

#include <sys/queue.h>

/* A line of the log, until its result is written. */
struct each_log_line {
    STAILQ_ENTRY(each_log_line) next;
    uint64_t at; /* bytes of output up to the end of the result */
    char *text;  /* owned */
    size_t len;
};

struct each_log {
    const struct settings *settings; /* borrowed */
    int fd;                          /* -1: no log */
    bool failed;                     /* told once */
    uint64_t *ended;                 /* owned; --resume: the numbers of ended lines, sorted */
    size_t ended_count, next;        /* the next one to come */
    STAILQ_HEAD(, each_log_line) held;
};

/* Opens the log, if there is to be one. Returns 0, or -1 after a complaint. */
int each_log_open(struct each_log *log, const struct settings *settings);
void each_log_close(struct each_log *log);

/* The time of the wall clock. */
uint64_t each_log_now_us(void);

/* True if the line has ended in an earlier run. To be called with rising numbers. */
bool each_log_has(struct each_log *log, uint64_t number);

/* Keeps the line of a record, if its job has come to an end of its own. `at`: the number of bytes
 * of the output up to the end of its result. */
void each_log_note(struct each_log *log, const struct each_record *record, uint64_t at);

/* Writes the lines with results within the first `written` bytes of the output. A fault is told
 * once. */
void each_log_write(struct each_log *log, uint64_t written);

#endif
