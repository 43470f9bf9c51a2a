/* support: repeatable chance, assertions for loops, and silence, for several unit tests. */
#ifndef TASKMASTER_TESTS_UNIT_SUPPORT_H
#define TASKMASTER_TESTS_UNIT_SUPPORT_H

#include "common/log.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SUPPORT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- chance --- */

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, 0 too. */
struct chance {
    uint64_t state;
};

/* Takes a new seed for each run, or TEST_SEED if it is set, and prints it, so that a failure can be
 * repeated. */
static inline void chance_init(struct chance *chance, const char *what)
{
    const char *given = getenv("TEST_SEED");
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    chance->state =
        given ? strtoull(given, NULL, 0) : (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
    printf("%s: TEST_SEED=%" PRIu64 "\n", what, chance->state);
    fflush(stdout);
}

static inline uint64_t chance_next(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* From 0 to `n` - 1. */
static inline size_t chance_below(struct chance *chance, size_t n)
{
    return (size_t)(chance_next(chance) % n);
}

static inline bool chance_percent(struct chance *chance, unsigned percent)
{
    return chance_below(chance, 100) < percent;
}

/* --- assertions --- */

/* libcheck's assertions report their place to the runner each time they pass. This is too slow for
 * loops of a million rounds. */
#define hot_assert(condition)                    \
    do {                                         \
        if (!(condition))                        \
            ck_abort_msg("not so: " #condition); \
    } while (0)
#define hot_assert_msg(condition, ...) \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

/* --- silence --- */

/* Turns the log off. */
static inline void quiet_log(void)
{
    log_configure((enum log_level)(LOG_ERROR + 1), LOG_TEXT);
}

/* For tests that must abort: hides the expected message of bug_on(). */
static inline void hush(void)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

#endif
