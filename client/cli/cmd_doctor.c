/* cmd_doctor: what is wrong with the daemons and their machine, or will be. The checks are in
 * client/doctor/. */
#include "ask.h"
#include "client/doctor/doctor.h"
#include "command.h"
#include "doctor_ask.h"
#include "doctor_here.h"
#include "exit_status.h"
#include "places.h"

#include <string.h>

/* The statuses of monitoring plugins. */
static const char *const words[] = {"fine", "warnings", "critical", "cannot tell"};

static void print_examined(FILE *out, const json_t *examined)
{
    size_t i;
    json_t *release;
    json_array_foreach ((json_t *)examined, i, release) {
        fprintf(out, "%s%s", i ? ", " : "examined ", json_string_value(release));
    }
    fputs(json_array_size(examined) ? ": " : "", out);
}

static void print(FILE *out, const json_t *value)
{
    struct findings findings = {.list = json_object_get(value, "findings")};
    findings_print(out, &findings);
    print_examined(out, json_object_get(value, "examined"));
    fprintf(out, "%s\n", json_string_value(json_object_get(value, "summary")));
}

/* Takes the findings and the list. Returns the exit status. */
static int tell(const struct settings *settings, struct findings *findings, json_t *examined)
{
    int status = findings_status(findings);
    json_t *value = json_pack("{sisssoso}", "status", status, "summary", words[status], "examined",
                              examined, "findings", json_incref(findings->list));
    int written = ask_print_value(settings, value, print);
    findings_close(findings);
    return written ? EXIT_JOB_FAILED : status;
}

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

static int run(const struct settings *settings)
{
    struct findings findings;
    json_t *examined = json_array();
    findings_open(&findings);
    examine(settings, true, examined, &findings);
    if (!settings->server_given && !settings->queue)
        examine_others(settings, examined, &findings);
    doctor_here_machine(settings, &findings);
    return tell(settings, &findings, examined);
}

const struct command cmd_doctor = {
    .name = "doctor",
    .arguments = "",
    .kind = COMMAND_DOCTOR,
    .run = run,
    .summary = "say what is wrong, or will be, and what to do",
    .help = "Looks at the server for some seconds, at taskqueued and taskmaster-http if they\n"
            "are there, and at the machine. Prints each fault with what to do. Exit status:\n"
            "0 fine, 1 warnings, 2 critical, 3 cannot tell.\n",
};
