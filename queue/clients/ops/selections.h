/*
 * selections: a cancel, a kill or a retry of all jobs of a filter, a page after the other.
 *
 * The jobs are those submitted before the request. Each is asked about as if it were named by a
 * request. The answer comes when all is done, with the number of jobs. When the connection is lost,
 * the jobs of further pages are left.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_OPS_SELECTIONS_H
#define TASKMASTER_QUEUE_CLIENTS_OPS_SELECTIONS_H

#include "protocol/operation.h"
#include "queue/kept/ask.h"

struct dialogue;

/* States of the store, as bits. */
enum {
    SELECT_UNFINISHED = 1u << STORED_WAITING | 1u << STORED_DELAYED | 1u << STORED_HANDED,
    SELECT_ENDED = 1u << STORED_ENDED,
};

/* Begins the selection of the request's filter, of jobs in these states of the store. */
enum verdict queue_selection_begin(struct dialogue *dialogue, struct request *request,
                                   enum kept_ask_kind kind, unsigned states);

#endif
