/* wish_check: every field of a wish is as it was. */
#ifndef TASKMASTER_TESTS_WISH_CHECK_H
#define TASKMASTER_TESTS_WISH_CHECK_H

#include "queue/store/stored.h"

#include <check.h>

/* Both may be NULL. */
static inline void check_text(const char *is, const char *was)
{
    ck_assert_int_eq(!is, !was);
    if (is)
        ck_assert_str_eq(is, was);
}

/* All but is_detached, which changes. */
static inline void check_wish(const struct stored_wish *is, const struct stored_wish *was)
{
    check_text(is->module, was->module);
    check_text(is->owner, was->owner);
    check_text(is->id, was->id);
    check_text(is->context, was->context);
    check_text(is->key, was->key);
    ck_assert_mem_eq(is->digest, was->digest, STORED_DIGEST);
    ck_assert_uint_eq(is->priority, was->priority);
    ck_assert_uint_eq(is->retry_on, was->retry_on);
    ck_assert_int_eq(is->wants_usage, was->wants_usage);
    ck_assert_uint_eq(is->retries, was->retries);
    ck_assert_uint_eq(is->retry_delay_ms, was->retry_delay_ms);
    ck_assert_uint_eq(is->timeout_ms, was->timeout_ms);
    ck_assert_uint_eq(is->soft_timeout_ms, was->soft_timeout_ms);
    ck_assert_uint_eq(is->max_wait_ms, was->max_wait_ms);
    ck_assert_uint_eq(is->ttl_ms, was->ttl_ms);
    ck_assert_uint_eq(is->submitted_ms, was->submitted_ms);
}

#endif
