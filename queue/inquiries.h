/*
 * inquiries: answers to the questions of clients (clients/inquiry.h): workers and modules are
 * handed through to the master, and stats is a report with the master's part. While the master is
 * away, stats comes without this part, at once. Nodes are asked of the store (nodes.h).
 */
#ifndef TASKMASTER_QUEUE_INQUIRIES_H
#define TASKMASTER_QUEUE_INQUIRIES_H

#include "base/timers.h"
#include "queue/clients/inquiry.h"
#include "queue/master/link.h"
#include "queue/nodes.h"
#include "queue/report.h"

struct inquiries {
    /* The daemon fills these in. */
    struct master_link *link;
    struct timers *timers;
    struct payload_budget *output;
    const struct queue_report *report;
    struct nodes *nodes;
};

/* The table for clients. */
struct queue_inquiry_ops inquiries_ops(struct inquiries *inquiries);

#endif
