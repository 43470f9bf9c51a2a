/*
 * parts: pieces of a job's result, sent ahead of the answer.
 *
 * Each is one message. The call waits while the master does not read, for as long as the reader of
 * the parts takes. The master says in the worker's page when nobody wants the parts any more, and
 * reads on then. So a waiting worker finds out, too.
 */
#ifndef TASKMASTER_WORKER_PARTS_H
#define TASKMASTER_WORKER_PARTS_H

#include "common/worker_page.h"
#include "master_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parts {
    const struct worker_shared *shared; /* borrowed, as is the next */
    struct master_link *link;
    uint64_t job;
    bool wanted;  /* by the submitter */
    bool refused; /* at least one */
};

void parts_init(struct parts *parts, const struct worker_shared *shared, struct master_link *link);

/* A job begins. */
void parts_begin(struct parts *parts, uint64_t job, bool wanted);

/* Sends a part. Returns 0, or -1 if it was refused: nobody wants parts any more, or the connection
 * is broken, or this is a child of the worker. */
int parts_send(struct parts *parts, const void *data, size_t len);

#endif
