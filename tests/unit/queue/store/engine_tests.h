/* engine_tests: what engines do. A program sets world_engine, and runs them. */
#ifndef TASKMASTER_TESTS_ENGINE_TESTS_H
#define TASKMASTER_TESTS_ENGINE_TESTS_H

#include <check.h>

TCase *engine_tests(void);       /* every engine */
TCase *engine_tests_alone(void); /* an engine that is not shared */

#endif
