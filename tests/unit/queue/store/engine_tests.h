/* engine_tests: what every engine does. A program sets world_engine, and runs them. */
#ifndef TASKMASTER_TESTS_ENGINE_TESTS_H
#define TASKMASTER_TESTS_ENGINE_TESTS_H

#include <check.h>

TCase *engine_tests(void);

#endif
