/* report: the gateway's own figures, in the form of the daemons' stats: for /metrics. */
#ifndef TASKMASTER_GATEWAY_REPORT_H
#define TASKMASTER_GATEWAY_REPORT_H

#include "base/boot_id.h"
#include "base/lag.h"
#include "net/conn.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;

/* What the report is about; borrowed. */
struct gateway_report {
    const struct conn_loop *conns;
    const struct http_server *server;
    const uint64_t *requests; /* that have ended */
    struct lag lag;
    uint64_t woke_us;       /* the beginning of the last turn's work */
    char boot[BOOT_ID_MAX]; /* this start */
    uint64_t started_us;
    size_t own_descriptors;
};

/* Once the loop is about to begin. */
void gateway_report_begin(struct gateway_report *report);

/* A turn's work begins, which began to wait at `begun_us`. */
void gateway_report_turn(struct gateway_report *report, uint64_t begun_us);

/* The caller owns the object. */
json_t *gateway_report_stats(struct gateway_report *report);

#endif
