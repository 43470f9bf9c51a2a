/* exit_status: the exit statuses of `taskmaster`: those of sysexits(3), and of timeout(1) and
 * xargs(1), as far as they have one. */
#ifndef TASKMASTER_CLIENT_CLI_EXIT_STATUS_H
#define TASKMASTER_CLIENT_CLI_EXIT_STATUS_H

enum {
    EXIT_DONE = 0,
    EXIT_JOB_FAILED = 1,
    EXIT_BAD_USAGE = 64,
    EXIT_UNREACHABLE = 69,
    EXIT_WORKER_LOST = 70,
    EXIT_TRY_AGAIN = 75, /* the server has no room now, drains, or is without its store */
    EXIT_SOME_FAILED = 123,
    EXIT_TIMED_OUT = 124,
};

#endif
