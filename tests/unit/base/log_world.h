/* log_world: timers, and a log to read, for the tests of log_limit and log_limits. */
#ifndef TASKMASTER_TESTS_UNIT_BASE_LOG_WORLD_H
#define TASKMASTER_TESTS_UNIT_BASE_LOG_WORLD_H

#include "base/timers.h"
#include "common/log.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct timers timers;
static int log_fd;

static void log_world_open(void)
{
    log_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_INFO, LOG_TEXT);
    timers_init(&timers, 1000);
}

static void log_world_close(void)
{
    timers_free(&timers);
    close(log_fd);
}

static void run_at(uint64_t now_us)
{
    timers_turn(&timers, now_us);
    timers_run(&timers);
}

/* Returns the log without the times, and empties it. */
static const char *told(void)
{
    static char text[1024];
    ssize_t n = pread(log_fd, text, sizeof text - 1, 0);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    ck_assert_int_eq(ftruncate(log_fd, 0), 0);
    ck_assert_int_eq(lseek(log_fd, 0, SEEK_SET), 0);
    const char *blank = strchr(text, ' ');
    return blank ? blank + 1 : text;
}

#endif
