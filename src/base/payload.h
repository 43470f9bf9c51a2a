/*
 * payload: the bytes that travel behind one header, as a chain of parts, shared by reference and
 * never copied once they have arrived.
 *
 * A small payload is one allocation. A larger one grows part by part as its bytes come in, so that
 * memory is taken for what has arrived, never on the word of `size`, and is written out from where
 * it lies. Every part is charged to a budget, the bytes of all payloads held at that moment.
 *
 * The master has two budgets, and every byte is charged to one of them. The first is for payloads
 * of jobs that wait or run; what exceeds its maximum is refused. The second is for output, from the
 * first byte of a result until a client has taken the last. Output cannot be refused: its maximum
 * is kept by making less of it (jobs/hold.c) and by closing clients (net/conn_unread.c).
 *
 * Over the first budget, payloads that are half there must not make a whole one refused: senders of
 * halves could keep everybody out. So the arriving payloads are known, the largest first, and the
 * largest is given up.
 */
#ifndef TASKMASTER_BASE_PAYLOAD_H
#define TASKMASTER_BASE_PAYLOAD_H

#include "base/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload_budget {
    uint64_t held, max;           /* bytes */
    struct heap arriving;         /* payloads that are half there, the largest first */
    uint64_t arriving_held;       /* bytes of these */
    struct payload_part *dropped; /* parts of large ones that nobody holds, freed batch by batch */
};

struct payload_part {
    struct payload_part *next;
    uint32_t len, capacity;
    char data[];
};

struct payload {
    struct payload_budget *budget;
    struct payload_arrival *arrival; /* NULL unless it is half there and may be given up */
    struct payload_part *first, *last;
    size_t size; /* announced */
    size_t have; /* arrived */
    uint32_t refs;
    bool forced; /* charged to the budget without regard to its maximum */
};

/* A new payload of `size` bytes, of which `ready` are about to be appended; one reference. NULL
 * when the budget does not allow the first part; `forced` ones (results: refusing them would lose a
 * job) are always allowed. */
struct payload *payload_new(struct payload_budget *budget, size_t size, size_t ready, bool forced);

struct payload *payload_ref(struct payload *payload);
void payload_unref(struct payload *payload); /* NULL is fine */

/* Frees a batch of dropped payloads; called in each turn of the loop. A large payload counts no
 * more when its last reference goes, but freeing half a gigabyte takes some ten milliseconds. True
 * when nothing is left. */
bool payload_sweep(struct payload_budget *budget);

/* Room for the next bytes: at least one byte unless the payload is whole. NULL when the budget does
 * not allow more. */
char *payload_room(struct payload *payload, size_t *room);

/* `len` bytes have been written to the room. */
void payload_commit(struct payload *payload, size_t len);

/* Both in one: 0, or -1 when the budget does not allow it. `len` is at most what is missing. */
int payload_append(struct payload *payload, const void *data, size_t len);

/* The payload in `*slot` is half there, and may be given up when others have no memory; `*slot` is
 * NULL then. `slot` stays where it is until the payload is whole or gone. Not for forced ones. */
void payload_arrives(struct payload **slot);

/* A payload made of `len` bytes that are at hand. Always forced. */
struct payload *payload_from(struct payload_budget *budget, const void *data, size_t len);

/* Copies up to `len` bytes from `offset` out; returns how many there were. */
size_t payload_copy(const struct payload *payload, size_t offset, void *to, size_t len);

#endif
