/* process: the daemon itself, by its own word: its loop, its release, its drain. */
#include "client/doctor/doctor.h"

#include "taskmaster/client.h"

#include <inttypes.h>
#include <string.h>

enum {
    LAG_US = 100000,       /* requests wait so long for the loop: the processors are busy */
    LAG_GRAVE_US = 1000000 /* clients run into their time limits */
};

static void check_lag(const struct exam *exam, struct findings *findings)
{
    const json_t *process = json_object_get(exam_last(exam), "process");
    int64_t p99 = exam_number(process, "loop_lag_us", "p99");
    if (p99 < LAG_US)
        return;
    findings_tell(findings, p99 >= LAG_GRAVE_US ? FINDING_CRITICAL : FINDING_WARNING, "loop-lag",
                  exam->release, NULL, "a request waits up to %" PRId64 " ms until it is read",
                  p99 / 1000);
    findings_advise(findings,
                    "the processors are busy: give the workers a nice of 5, or the daemon "
                    "a CPUWeight of its own");
}

static void check_draining(const struct exam *exam, struct findings *findings)
{
    if (!json_is_true(json_object_get(exam_last(exam), "draining")))
        return;
    findings_tell(findings, FINDING_WARNING, "draining", exam->release, NULL,
                  "the server drains: it takes no more jobs, and ends");
    findings_advise(findings, "running jobs keep it: taskmaster jobs --state running");
}

static void check_release(const struct exam *exam, struct findings *findings)
{
    const char *release = strchr(exam->release, '/');
    if (!release || strcmp(release + 1, tm_client_version()) == 0)
        return;
    findings_tell(findings, FINDING_WARNING, "release", exam->release, NULL,
                  "the server is of another release than this command, %s", tm_client_version());
    findings_advise(findings, "restart the server after an upgrade; with a .socket unit no "
                              "connection is refused meanwhile");
}

void doctor_process(const struct exam *exam, struct findings *findings)
{
    check_lag(exam, findings);
    check_draining(exam, findings);
    check_release(exam, findings);
}
