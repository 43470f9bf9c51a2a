/*
 * spare: freed records of one size, kept to be used again.
 *
 * With hundreds of records in use at a time, malloc() has no short way for one of some hundred
 * bytes: it splits and merges pieces of the heap. A tiny job spends 3 % of the master's
 * instructions on that. Under AddressSanitizer nothing is kept, so that a use of a freed record is
 * found.
 */
#ifndef TASKMASTER_BASE_SPARE_H
#define TASKMASTER_BASE_SPARE_H

#include <stddef.h>

enum { SPARE_MAX = 512 }; /* records kept; the others are freed */

/* A static one needs no beginning. All records are of one size. */
struct spare {
    void *first; /* each begins with the address of the next */
    size_t count;
};

/* A record of `size` bytes, at least a pointer's, with any content. Never NULL; free() takes it as
 * well. */
void *spare_take(struct spare *spare, size_t size);

/* Takes back a record of spare_take(). */
void spare_give(struct spare *spare, void *record);

#endif
