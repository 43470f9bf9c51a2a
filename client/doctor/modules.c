/* modules: breakers, crashes, failures, and modules without a file. */
#include "client/doctor/doctor.h"

#include <inttypes.h>
#include <string.h>

enum {
    RECENT_MS = 3600000, /* an older crash is history */
    JUDGED_MIN = 20,     /* so many jobs are no accident */
};

static void check_breaker(const char *name, const json_t *module, struct findings *findings)
{
    const char *state = exam_text(module, "breaker", "state");
    bool open = strcmp(state, "open") == 0;
    if (!open && strcmp(state, "probing") != 0)
        return;
    findings_tell(
        findings, open ? FINDING_CRITICAL : FINDING_WARNING, "breaker-open", "module", name,
        "the breaker of the module is %s, and its jobs fail as unavailable; opened %" PRId64
        " times",
        state, exam_number(module, "breaker", "opened"));
    findings_advise(findings,
                    "taskmaster crashes --module %s shows the place in its code; mend the module, "
                    "then: taskmaster reload",
                    name);
}

/* Jobs that fail by themselves; the breaker has those that crash. */
static void check_failures(const char *name, const json_t *module, struct findings *findings)
{
    int64_t done = exam_number(module, NULL, "done"), failed = exam_number(module, NULL, "failed");
    if (done + failed < JUDGED_MIN || failed <= done)
        return;
    findings_tell(findings, FINDING_WARNING, "module-fails", "module", name,
                  "%" PRId64 " of %" PRId64 " jobs of the module have failed", failed,
                  done + failed);
    findings_advise(findings, "the log has the reasons, with log-jobs set to failed");
}

static void check_file(const char *name, const json_t *module, struct findings *findings)
{
    bool enabled = !json_is_false(json_object_get(module, "enabled"));
    if (!enabled || json_is_string(json_object_get(module, "file")))
        return;
    findings_tell(findings, FINDING_WARNING, "module-without-file", "module", name,
                  "the settings or jobs name the module, and module-dir has no file of it");
    findings_advise(findings,
                    "install %s.so into module-dir, or take the module out of the settings", name);
}

static void check_crash(const json_t *crash, struct findings *findings)
{
    int64_t last_ms = exam_number(crash, NULL, "last_ms");
    const char *fingerprint = exam_text(crash, NULL, "fingerprint");
    if (last_ms > RECENT_MS)
        return;
    findings_tell(
        findings, FINDING_WARNING, "module-crashes", "module", exam_text(crash, NULL, "module"),
        "the module has crashed by %s; crashes at this place: %" PRId64 ", the last %" PRId64
        " s ago",
        exam_text(crash, NULL, "signal"), exam_number(crash, NULL, "count"), last_ms / 1000);
    findings_advise(findings, "taskmaster crash %s shows the place", fingerprint);
}

/* The figures of jobs, of a master. */
static void check_figures(const struct exam *exam, struct findings *findings)
{
    const char *name;
    json_t *module;
    json_object_foreach (json_object_get(exam_last(exam), "modules"), name, module) {
        check_breaker(name, module, findings);
        check_failures(name, module, findings);
    }
}

void doctor_modules(const struct exam *exam, struct findings *findings)
{
    size_t i;
    json_t *item;
    check_figures(exam, findings);
    json_array_foreach ((json_t *)exam->modules, i, item) {
        check_file(exam_text(item, NULL, "name"), item, findings);
    }
    json_array_foreach ((json_t *)exam->crashes, i, item) {
        check_crash(item, findings);
    }
}
