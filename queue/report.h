/* report: the answer to stats (doc/queue.md), as JSON text. */
#ifndef TASKMASTER_QUEUE_REPORT_H
#define TASKMASTER_QUEUE_REPORT_H

#include "base/lag.h"
#include "queue/all_settings.h"
#include "queue/clients/clients.h"
#include "queue/keeping.h"

/* Where the figures are; all borrowed. */
struct queue_report {
    const struct keeping *keeping;
    const struct queue_settings *const *settings; /* in force */
    const struct peers *peers;
    const struct conn_loop *conns;
    struct lag *lag;
    const char *boot;
    uint64_t started_us;
    size_t own_descriptors; /* open ones, beside those of connections and the log */
};

/* `master`: the text of the master's own stats; NULL: it is away. The caller frees the text. */
char *queue_report_stats(const struct queue_report *report, const struct payload *master);

#endif
