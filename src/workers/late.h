/*
 * worker_late: workers killed before their hello was read, and their connections.
 *
 * A reload or a shutdown can kill a worker while it starts. By then the worker may have connected,
 * and its hello is read after its record is gone. The log must not warn of a stranger then, so the
 * tokens of such workers stay known for two seconds. A worker can also be killed between its
 * connect and its hello: then its connection ends in silence. Each worker accounts for one
 * connection.
 */
#ifndef TASKMASTER_WORKERS_LATE_H
#define TASKMASTER_WORKERS_LATE_H

#include "common/limits.h"
#include "common/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORKER_LATE_MAX = 64 }; /* the oldest of more is forgotten */

struct worker_late {
    struct {
        uint32_t worker; /* its id; 0: free */
        uint8_t token[TOKEN_BYTES];
        uint64_t ended_us;
    } entries[WORKER_LATE_MAX];
    size_t next;
};

/* Notes an unauthenticated worker at its end. */
void worker_late_note(struct worker_late *late, uint32_t worker, const uint8_t token[TOKEN_BYTES],
                      uint64_t now_us);

/* Returns true for the hello of a noted worker, and forgets the worker. */
bool worker_late_is_hello(struct worker_late *late, const struct wire_hello *hello,
                          uint64_t now_us);

/* A connection has ended without a hello. Returns true if a noted worker can be the reason, and
 * forgets the worker. */
bool worker_late_is_silent(struct worker_late *late, uint64_t now_us);

#endif
