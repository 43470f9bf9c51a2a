/* cmd_doctor: what is wrong with the daemons and their machine, or will be. The checks are in
 * client/doctor/. */
#include "ask.h"
#include "client/doctor/findings.h"
#include "command.h"
#include "doctor_all.h"
#include "exit_status.h"

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

static int run(const struct settings *settings)
{
    int status;
    json_t *value = doctor_all(settings, &status);
    return ask_print_value(settings, value, print) ? EXIT_JOB_FAILED : status;
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
