/*
 * payload: the bytes behind one header, as a chain of parts. A payload is shared by reference and
 * never copied after its arrival.
 *
 * A small payload is one allocation. A larger one grows part by part as its bytes come in. So
 * memory is taken for arrived bytes, never on the word of `size`. A payload is written out from its
 * place. Every part is charged to a budget, the bytes of all payloads held now.
 *
 * The master has two budgets, and every byte is charged to one of them. The first is for payloads
 * of waiting and running jobs; beyond its maximum payloads are refused. The second is for output,
 * from the first byte of a result until a client has taken the last. Output cannot be refused: its
 * maximum is kept by making less of it (jobs/hold.c) and by closing clients (net/conn_unread.c).
 *
 * Incomplete payloads must not use up the first budget: senders of halves could keep everybody else
 * out. So the arriving payloads stand in a heap, and over the budget the largest is given up.
 */
#ifndef TASKMASTER_BASE_PAYLOAD_H
#define TASKMASTER_BASE_PAYLOAD_H

#include "base/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload_budget {
    uint64_t held, max;     /* bytes */
    struct heap arriving;   /* incomplete payloads, the largest first */
    uint64_t arriving_held; /* bytes of these */
    struct payload_part
        *dropped; /* parts of large payloads without a reference, freed batch by batch */
};

struct payload_part {
    struct payload_part *next;
    uint32_t len, capacity;
    char data[];
};

struct payload {
    struct payload_budget *budget;
    struct payload_arrival *arrival; /* set while the payload is incomplete and may be given up */
    struct payload_part *first, *last;
    size_t size; /* announced */
    size_t have; /* arrived */
    uint32_t refs;
    bool forced; /* charged to the budget without regard to its maximum */
};

/* A new payload of `size` bytes, with one reference. The caller is about to append `ready` of the
 * bytes. NULL when the budget does not allow the first part. A `forced` payload is always allowed:
 * refusing a result would lose a job. */
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

/* Room and commit in one: 0, or -1 when the budget does not allow the bytes. `len` is at most the
 * missing size. */
int payload_append(struct payload *payload, const void *data, size_t len);

/* No more bytes come than have arrived: the payload is whole. Its announced size was a bound. */
void payload_cut(struct payload *payload);

/* The payload in `*slot` is incomplete, and may be given up for others: then `*slot` becomes NULL.
 * `slot` must stay in place until the payload is whole or gone. Not for forced payloads. */
void payload_arrives(struct payload **slot);

/* A payload made of the `len` bytes at `data`. Always forced. */
struct payload *payload_from(struct payload_budget *budget, const void *data, size_t len);

/* Copies out up to `len` bytes from `offset` on. Returns the number of bytes copied. */
size_t payload_copy(const struct payload *payload, size_t offset, void *to, size_t len);

#endif
