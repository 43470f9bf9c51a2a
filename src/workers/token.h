/* worker_token: the secret by which a worker authenticates its connection. */
#ifndef TASKMASTER_WORKERS_TOKEN_H
#define TASKMASTER_WORKERS_TOKEN_H

#include "common/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the same time wherever the tokens differ, so that nobody can guess one byte by byte. */
static inline bool worker_token_equal(const uint8_t a[TOKEN_BYTES], const uint8_t b[TOKEN_BYTES])
{
    uint8_t differ = 0;
    for (size_t i = 0; i < TOKEN_BYTES; i++)
        differ |= (uint8_t)(a[i] ^ b[i]);
    return differ == 0;
}

#endif
