/* report: the answers to stats and workers (doc/protocol.md), as JSON text. */
#ifndef TASKMASTER_STATS_REPORT_H
#define TASKMASTER_STATS_REPORT_H

#include <stddef.h>
#include <stdint.h>

struct crashes;
struct lag;
struct pools;
struct module_table;
struct payload_budget;
struct worker_memory;

/* Where the figures are; all borrowed. */
struct report {
    const struct pools *pools;
    const struct module_table *modules;
    const struct payload_budget *budget, *output;
    struct worker_memory *memory;
    const struct crashes *crashes;
    struct lag *lag;
    const char *boot;
    uint64_t started_us;
    const size_t *connections; /* open ones, of clients and workers */
    size_t own_descriptors;    /* open ones, beside those of connections, workers and the log */
};

struct report_clients {
    size_t connected, max;
    size_t services;             /* registered names */
    uint64_t delivered, dropped; /* events for services */
};

/* Texts; the caller frees them. */
char *report_stats(const struct report *report, const struct report_clients *clients);
char *report_workers(const struct report *report);

#endif
