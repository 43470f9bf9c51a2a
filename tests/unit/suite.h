/* suite: the end of every unit test program. */
#ifndef TASKMASTER_TESTS_UNIT_SUITE_H
#define TASKMASTER_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite with the output of CK_VERBOSITY. Returns main()'s status. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
