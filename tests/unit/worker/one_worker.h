/* one_worker: the one worker of a test, and common checks of its answers and its end. */
#ifndef TASKMASTER_TESTS_UNIT_WORKER_ONE_WORKER_H
#define TASKMASTER_TESTS_UNIT_WORKER_ONE_WORKER_H

#include "tests/unit/worker/fake_master.h"

extern struct fake_master master;

/* Starts the worker with the shipped modules. */
void start_worker(void);

/* Starts the worker with the modules of tests/modules. `more` settings are appended, a line each.
 */
void start_with_test_modules(const char *more);

/* Fails the test unless the answer is DONE with this result. */
void assert_done(const struct answer *answer, const char *result);

/* Waits for the worker's end. Fails the test unless the exit status is 1, `words` are in the log,
 * and no fini() was called. */
void assert_broken(const char *words);

#endif
