/*
 * master_books: the invariants of fuzz_master, checked after each step. Every job is in one place,
 * the counts add up, the bounds hold, and no worker idles while a job waits. A broken one aborts.
 */
#ifndef TASKMASTER_FUZZ_MASTER_BOOKS_H
#define TASKMASTER_FUZZ_MASTER_BOOKS_H

void books_check(void);

/* The counts alone. They hold at any moment, the others between two calls of the dispatcher. */
void books_check_counts(void);

#endif
