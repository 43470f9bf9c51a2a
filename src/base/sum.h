/*
 * sum: a 64-bit sum of bytes that come in pieces: SipHash-1-3 under a fixed key.
 *
 * It finds bytes that have changed on a disk. It is no proof against a forger: anybody can make it.
 * It is the same on each machine and in each release, however the bytes are cut into pieces.
 */
#ifndef TASKMASTER_BASE_SUM_H
#define TASKMASTER_BASE_SUM_H

#include <stddef.h>
#include <stdint.h>

struct sum {
    uint64_t state[4];
    uint64_t size; /* bytes so far */
    uint64_t rest; /* those of them that make no word yet */
};

void sum_begin(struct sum *sum);
void sum_bytes(struct sum *sum, const void *bytes, size_t size);
void sum_number(struct sum *sum, uint64_t number);

uint64_t sum_end(struct sum *sum);

#endif
