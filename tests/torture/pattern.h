/*
 * pattern: the agreement between the harness and its test module: a job's payload, its result, and
 * the records of the side file.
 *
 * A payload is a line "UID COMMAND A B\n" and a filler. The result is the hash of the payload, uid
 * included, as 16 digits. Some commands add a filler made from the hash.
 */
#ifndef TORTURE_PATTERN_H
#define TORTURE_PATTERN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PATTERN_HASH_DIGITS = 16, PATTERN_LINE_MAX = 96 };

/* Each record is one write(2) with O_APPEND, so the records of all workers are whole, one behind
 * the other. */
struct side_record {
    uint64_t uid;
    uint64_t hash; /* of the payload; at the start the attempt */
    uint64_t t_us; /* CLOCK_MONOTONIC */
    uint32_t pid;
    uint32_t kind; /* enum side_kind */
};

/* SIDE_REFUSAL: init() has refused in this process, without knowing the job. */
enum side_kind { SIDE_START = 1, SIDE_FINISH, SIDE_REFUSAL };

static inline uint64_t pattern_mix(uint64_t h)
{
    h *= 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static inline uint64_t pattern_hash(const void *data, size_t len)
{
    const char *at = (const char *)data;
    uint64_t h = len + 1;
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        h = pattern_mix(h ^ word);
    }
    uint64_t rest = 0;
    memcpy(&rest, at, len);
    return pattern_mix(pattern_mix(h ^ rest));
}

/* Fills in the bytes that belong to `key`, from the place `at` on: a multiple of 8. */
static inline void pattern_fill_from(char *to, size_t len, uint64_t key, uint64_t at)
{
    for (uint64_t n = at / 8 + 1; len > 0; n++) {
        uint64_t word = pattern_mix(key + n * 0xd1342543de82ef95u);
        size_t some = len < 8 ? len : 8;
        memcpy(to, &word, some);
        to += some;
        len -= some;
    }
}

static inline void pattern_fill(char *to, size_t len, uint64_t key)
{
    pattern_fill_from(to, len, key, 0);
}

static inline int pattern_matches_from(const char *data, size_t len, uint64_t key, uint64_t at)
{
    for (uint64_t n = at / 8 + 1; len > 0; n++) {
        uint64_t word = pattern_mix(key + n * 0xd1342543de82ef95u);
        size_t some = len < 8 ? len : 8;
        if (memcmp(data, &word, some) != 0)
            return 0;
        data += some;
        len -= some;
    }
    return 1;
}

static inline int pattern_matches(const char *data, size_t len, uint64_t key)
{
    return pattern_matches_from(data, len, key, 0);
}

#endif
