/* shared_store: the Redis of a taskqueued that is one node of many. */
#include "client/doctor/doctor.h"

#include <inttypes.h>

enum {
    SLOW_US = 20000,   /* from a call of Redis to its answer: a warning */
    STUCK_US = 500000, /* critical: a lease is in danger */
    MANY_PERCENT = 80, /* of Redis's maxmemory: a warning */
    FULL_PERCENT = 95, /* critical */
};

static bool is_true(const json_t *stats, const char *member)
{
    return json_is_true(json_object_get(json_object_get(stats, "store"), member));
}

/* The reason tells what was found, and what was expected. */
static bool check_away(const json_t *stats, struct findings *findings)
{
    const char *why = exam_text(stats, "store", "why");
    if (is_true(stats, "up"))
        return false;
    findings_tell(findings, FINDING_CRITICAL, "redis-away", "store", NULL,
                  "taskqueued is without its Redis, and submits are refused: %s",
                  *why ? why : "it has not answered yet");
    findings_advise(findings,
                    "look at Redis, redis-servers and the network; taskqueued goes on by itself "
                    "once it is reached. A Redis that is refused: the log of taskqueued has the "
                    "setting to change (redis-refused)");
    return true;
}

static void tell_room(const json_t *stats, bool is_full, struct findings *findings)
{
    int64_t bytes = exam_number(stats, "store", "bytes");
    int64_t max = exam_number(stats, "store", "bytes_max");
    if (is_full)
        findings_tell(findings, FINDING_CRITICAL, "redis-full", "store", NULL,
                      "Redis has no room, and submits are refused");
    else
        findings_tell(
            findings, bytes >= max / 100 * FULL_PERCENT ? FINDING_CRITICAL : FINDING_WARNING,
            "redis-full", "store", NULL, "Redis uses %" PRId64 " of %" PRId64 " KiB of memory",
            bytes / 1024, max / 1024);
}

static void check_room(const json_t *stats, struct findings *findings)
{
    int64_t bytes = exam_number(stats, "store", "bytes");
    int64_t max = exam_number(stats, "store", "bytes_max");
    bool is_full = !is_true(stats, "has_room");
    if (!is_full && (max <= 0 || bytes < max / 100 * MANY_PERCENT))
        return;
    tell_room(stats, is_full, findings);
    findings_advise(findings,
                    "raise maxmemory of Redis, free the disk of its files, or keep outcomes for "
                    "less time (ttl)");
}

static void check_speed(const json_t *stats, struct findings *findings)
{
    int64_t us = exam_number(stats, "store", "round_trip_us");
    if (us < SLOW_US)
        return;
    findings_tell(findings, us < STUCK_US ? FINDING_WARNING : FINDING_CRITICAL, "redis-slow",
                  "store", NULL, "Redis answers after %" PRId64 " ms", us / 1000);
    findings_advise(findings,
                    "look at the processor and the disk of Redis (redis-cli --latency, SLOWLOG "
                    "GET), and at the network in between");
}

static void check_steadiness(const struct exam *exam, struct findings *findings)
{
    int64_t count = exam_number(exam_last(exam), "store", "reconnects") -
                    exam_number(exam_first(exam), "store", "reconnects");
    if (count <= 0)
        return;
    findings_tell(findings, FINDING_WARNING, "redis-unsteady", "store", NULL,
                  "the connection to Redis was lost %" PRId64 " times in the last moments", count);
    findings_advise(findings, "redis-lost in the log of taskqueued tells why");
}

static void check_safety(const json_t *stats, struct findings *findings)
{
    if (!is_true(stats, "unsafe"))
        return;
    findings_tell(findings, FINDING_WARNING, "redis-unsafe", "store", NULL,
                  "Redis may lose what it has confirmed, as appendonly is off, or it evicts keys");
    findings_advise(findings,
                    "redis-cli CONFIG SET appendonly yes, CONFIG SET maxmemory-policy noeviction, "
                    "CONFIG REWRITE");
}

/* Counts since the start of the daemon. */
static void check_promises(const json_t *stats, struct findings *findings)
{
    int64_t late = exam_number(stats, "jobs", "late");
    int64_t unconfirmed = exam_number(stats, "jobs", "unconfirmed");
    if (late) {
        findings_tell(findings, FINDING_WARNING, "late-outcomes", "jobs", NULL,
                      "%" PRId64 " outcomes came after the lease of this node, and were refused",
                      late);
        findings_advise(findings, "the machine or its network stood still; mend that, or raise "
                                  "lease-ms on all nodes");
    }
    if (unconfirmed) {
        findings_tell(findings, FINDING_WARNING, "unconfirmed", "jobs", NULL,
                      "%" PRId64 " submits were not confirmed in time since the start",
                      unconfirmed);
        findings_advise(findings, "look at Redis and the network, or raise redis-timeout-ms");
    }
}

void doctor_shared_store(const struct exam *exam, struct findings *findings)
{
    const json_t *stats = exam_last(exam);
    check_steadiness(exam, findings);
    check_promises(stats, findings);
    if (check_away(stats, findings))
        return;
    check_room(stats, findings);
    check_speed(stats, findings);
    check_safety(stats, findings);
}
