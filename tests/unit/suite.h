/* suite: how every unit test program ends. */
#ifndef TASKMASTER_TESTS_UNIT_SUITE_H
#define TASKMASTER_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs it, with as much output as CK_VERBOSITY asks for; main()'s status. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
