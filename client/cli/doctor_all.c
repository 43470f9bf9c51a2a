/* doctor_all: see doctor_all.h. */
#include "doctor_all.h"

#include "client/doctor/doctor.h"
#include "doctor_ask.h"
#include "doctor_here.h"
#include "places.h"

#include <string.h>

/* The statuses of monitoring plugins. */
static const char *const words[] = {"fine", "warnings", "critical", "cannot tell"};

/* The name of the server's program: as it says, or as we expect. */
static const char *program_of(const struct settings *settings, const json_t *stats)
{
    const char *release = exam_text(stats, NULL, "server");
    bool queue = *release ? strncmp(release, "taskqueued/", 11) == 0 : settings->queue;
    return queue ? "taskqueued" : "taskmasterd";
}

/* Examines one server, and its process and files. Notes its release. */
static void examine(const struct settings *settings, bool wanted, json_t *examined,
                    struct findings *findings)
{
    json_t *stats = doctor_ask(settings, wanted, findings);
    if (stats)
        json_array_append(examined, json_object_get(stats, "server"));
    if (stats || wanted)
        doctor_here_daemon(program_of(settings, stats), settings->server, stats, findings);
    json_decref(stats);
}

/* The other daemons of this machine, if they are there. */
static void examine_others(const struct settings *settings, json_t *examined,
                           struct findings *findings)
{
    struct settings other = *settings;
    other.queue = true;
    other.server = places_queue();
    examine(&other, places_variable("TASKMASTER_QUEUE") != NULL, examined, findings);
    if (!doctor_here_gateway(places_http(), places_variable("TASKMASTER_HTTP") != NULL, findings))
        return;
    json_array_append_new(examined, json_string("taskmaster-http"));
    doctor_here_daemon("taskmaster-http", places_http(), NULL, findings);
}

static void examine_all(const struct settings *settings, json_t *examined,
                        struct findings *findings)
{
    examine(settings, true, examined, findings);
    if (!settings->server_given && !settings->queue)
        examine_others(settings, examined, findings);
    doctor_here_machine(settings, findings);
}

json_t *doctor_all(const struct settings *settings, int *status)
{
    struct findings findings;
    json_t *examined = json_array();
    findings_open(&findings);
    examine_all(settings, examined, &findings);
    *status = findings_status(&findings);
    json_t *value = json_pack("{sisssosO}", "status", *status, "summary", words[*status],
                              "examined", examined, "findings", findings.list);
    findings_close(&findings);
    return value;
}
