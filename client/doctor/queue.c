/* queue: taskqueued: its store, its master, its modules. */
#include "client/doctor/doctor.h"

#include <inttypes.h>
#include <string.h>

enum {
    MANY_PERCENT = 80, /* of a limit: a warning */
    FULL_PERCENT = 95, /* critical */
};

static void check_store(const json_t *stats, struct findings *findings)
{
    int64_t bytes = exam_number(stats, "store", "bytes");
    int64_t max = exam_number(stats, "store", "bytes_max");
    bool full = json_is_false(json_object_get(json_object_get(stats, "store"), "has_room"));
    if (!full && (max <= 0 || bytes < max / 100 * MANY_PERCENT))
        return;
    findings_tell(findings,
                  full || bytes >= max / 100 * FULL_PERCENT ? FINDING_CRITICAL : FINDING_WARNING,
                  "store-full", "store", NULL, "%" PRId64 " of %" PRId64 " KiB are in use%s",
                  bytes / 1024, max / 1024, full ? ", and submits are refused" : "");
    findings_advise(findings,
                    "raise store-max, free the disk, or keep outcomes for less time (ttl); "
                    "taskmaster forget JOB ends one at once");
}

static void check_jobs(const json_t *stats, struct findings *findings)
{
    static const char *const states[] = {"waiting", "delayed", "handed", "running"};
    int64_t count = 0, max = exam_number(stats, "jobs", "max");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        count += exam_number(stats, "jobs", states[i]);
    if (max <= 0 || count * 100 < max * MANY_PERCENT)
        return;
    findings_tell(findings, count * 100 >= max * FULL_PERCENT ? FINDING_CRITICAL : FINDING_WARNING,
                  "queue-full", "jobs", NULL, "%" PRId64 " of %" PRId64 " jobs are kept", count,
                  max);
    findings_advise(findings, "raise job-max, or give the master more workers");
}

static void check_master(const json_t *stats, struct findings *findings)
{
    const json_t *master = json_object_get(stats, "master");
    if (!master || json_is_true(json_object_get(master, "connected")))
        return;
    findings_tell(findings, FINDING_CRITICAL, "master-away", "master",
                  exam_text(master, NULL, "address"),
                  "taskqueued is not connected to its taskmasterd, and nothing runs: %s",
                  exam_text(master, NULL, "why"));
    findings_advise(findings, "start taskmasterd, or set master to its address");
}

static void check_poison(const json_t *stats, struct findings *findings)
{
    int64_t poisoned = exam_number(stats, "jobs", "poisoned");
    if (poisoned == 0)
        return;
    findings_tell(findings, FINDING_WARNING, "poison", "jobs", NULL,
                  "%" PRId64 " jobs were lost or have crashed too often since the start", poisoned);
    findings_advise(findings,
                    "taskmaster jobs --queue --state failed --reason poison shows them; mend the "
                    "module, then: taskmaster retry JOB");
}

static void check_held(const char *name, const json_t *module, struct findings *findings)
{
    int64_t held_ms = exam_number(module, NULL, "held_ms");
    if (held_ms == 0)
        return;
    findings_tell(findings, FINDING_WARNING, "module-held", "module", name,
                  "nothing of the module is handed to the master for %" PRId64 " ms more: %s",
                  held_ms, exam_text(module, NULL, "held_reason"));
    findings_advise(findings,
                    "the reason is the master's: taskmaster doctor and taskmaster modules "
                    "there");
}

static void check_paused(const char *name, const json_t *module, struct findings *findings)
{
    if (!json_is_true(json_object_get(module, "paused")))
        return;
    findings_tell(findings, FINDING_WARNING, "module-paused", "module", name,
                  "the module is paused, and %" PRId64 " jobs wait",
                  exam_number(module, NULL, "waiting"));
    findings_advise(findings, "taskmaster resume --queue %s", name);
}

void doctor_queue(const struct exam *exam, struct findings *findings)
{
    const json_t *stats = exam_last(exam);
    const char *name;
    json_t *module;
    if (strcmp(exam_text(stats, "store", "engine"), "redis") == 0)
        doctor_shared_store(exam, findings);
    else
        check_store(stats, findings);
    check_jobs(stats, findings);
    check_master(stats, findings);
    check_poison(stats, findings);
    json_object_foreach (json_object_get(stats, "modules"), name, module) {
        check_held(name, module, findings);
        check_paused(name, module, findings);
    }
}
