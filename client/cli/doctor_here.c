/* doctor_here: see doctor_here.h. */
#include "doctor_here.h"

#include "client/doctor/doctor.h"
#include "client/local/daemon.h"
#include "client/local/http.h"

#include <stdlib.h>
#include <string.h>

enum { CHECK_LINES_MAX = 10 }; /* of the daemon's own check */

void doctor_here_machine(const struct settings *settings, struct findings *findings)
{
    doctor_machine("", findings);
    doctor_secret("token", settings->token_file, findings);
}

/* ---- a daemon ---- */

/* A line of `-t` about something fine. */
static bool is_fine(const char *line)
{
    return !*line || strncmp(line, "ok ", 3) == 0 || strncmp(line, "the settings are ", 17) == 0;
}

static void tell_check(const struct local_daemon *daemon, char *text, int status,
                       struct findings *findings)
{
    int told = 0;
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) && told < CHECK_LINES_MAX) {
        if (is_fine(line))
            continue;
        told++;
        findings_tell(findings, status ? FINDING_CRITICAL : FINDING_WARNING, "settings",
                      daemon->name, NULL, "%s", line);
        findings_advise(findings, "%s -t -c %s checks the settings and every module", daemon->name,
                        daemon->file);
    }
}

/* What its own check says. A running daemon has passed it, but the file may have changed. */
static void check_settings(const struct local_daemon *daemon, struct findings *findings)
{
    int status = -1;
    if (daemon->refusal) {
        findings_tell(findings, FINDING_WARNING, "settings", daemon->name, NULL,
                      "the next start fails: %s", daemon->refusal);
        findings_advise(findings, "%s -t -c %s checks the settings and every module", daemon->name,
                        daemon->file);
    }
    char *text = daemon->pid ? NULL : local_daemon_check(daemon, &status);
    if (text)
        tell_check(daemon, text, status, findings);
    free(text);
}

static void check_process(const struct local_daemon *daemon, const json_t *stats,
                          struct findings *findings)
{
    const struct doctor_needs needs = {
        .name = daemon->name,
        .clients = exam_number(stats, "clients", "max"),
        .workers = exam_number(stats, "pool", "max"),
    };
    if (daemon->pid && stats)
        doctor_limits("", daemon->pid, &needs, findings);
}

void doctor_here_daemon(const char *name, const char *address, const json_t *stats,
                        struct findings *findings)
{
    struct local_daemon daemon;
    if (!local_daemon_is_here(address))
        return;
    local_daemon_open(&daemon, name, (pid_t)exam_number(stats, "process", "pid"));
    check_process(&daemon, stats, findings);
    if (daemon.settings)
        doctor_places(daemon.settings, daemon.file, findings);
    check_settings(&daemon, findings);
    local_daemon_close(&daemon);
}

/* ---- the gateway ---- */

/* Its words: the first check of its health that fails, or the detail of a problem. */
static void tell_words(const char *check, enum finding_level level, const char *address,
                       const json_t *answer, struct findings *findings)
{
    const char *name, *words = exam_text(answer, NULL, "detail");
    json_t *result;
    json_object_foreach (json_object_get(answer, "checks"), name, result) {
        const char *text = json_string_value(result);
        if (!text || strcmp(text, "ok") == 0)
            continue;
        findings_tell(findings, level, check, "taskmaster-http", address, "its check of %s: %s",
                      name, text);
        return;
    }
    findings_tell(findings, level, check, "taskmaster-http", address, "%s",
                  *words ? words : "it does not answer as it should");
}

static void tell_gateway(const char *check, enum finding_level level, const char *address,
                         const char *body, struct findings *findings)
{
    json_t *answer = body ? json_loads(body, 0, NULL) : NULL;
    tell_words(check, level, address, answer, findings);
    findings_advise(findings, "its log says why; then look at the daemon that it is a client of");
    json_decref(answer);
}

/* Returns the status of the answer; 0: nobody listens. */
static int check_path(const char *address, const char *path, const char *check,
                      enum finding_level level, struct findings *findings)
{
    int status;
    char *body = http_get(address, path, tmc_deadline_in(ANSWER_MAX_MS), &status);
    if (status != 200 && status != 0)
        tell_gateway(check, level, address, body, findings);
    free(body);
    return status;
}

bool doctor_here_gateway(const char *address, bool wanted, struct findings *findings)
{
    int status = check_path(address, "/healthz", "gateway-health", FINDING_CRITICAL, findings);
    if (status == 200)
        check_path(address, "/readyz", "gateway-ready", FINDING_WARNING, findings);
    if (status != 0 || !wanted)
        return status != 0;
    findings_tell(findings, FINDING_UNKNOWN, "unreachable", "taskmaster-http", address,
                  "nobody listens there");
    findings_advise(findings, "start it, or unset TASKMASTER_HTTP");
    return false;
}
