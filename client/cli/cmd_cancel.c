/* cmd_cancel: cancel and kill. Both name a job by the server's id, or select jobs; kill may name a
 * worker. */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "fields.h"
#include "output.h"

#include <inttypes.h>

/* Returns 0, or an exit status after a complaint. */
static int print_answer(const struct settings *settings, const char *verb,
                        const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    if (settings->worker)
        return output_print_line(settings, "%s worker %" PRIu32, verb, settings->worker);
    if (settings->arg_count == 0)
        return output_print_line(settings, "%s %" PRId64 " job%s", verb, answer->count,
                                 answer->count == 1 ? "" : "s");
    return output_print_line(settings, "%s %.128s, which was %.128s", verb, settings->args[0],
                             answer->state ? answer->state : "in an unknown state");
}

static json_t *make_fields(const struct settings *settings)
{
    json_t *fields = fields_new(), *select = fields;
    if (settings->arg_count > 0)
        fields_add_text(fields, "job", settings->args[0]);
    fields_add_number(fields, "worker", settings->worker);
    if (fields_has_filters(settings))
        json_object_set_new(fields, "select", select = fields_new());
    fields_add_filters(select, settings);
    return fields;
}

/* Exactly one of a job, a selection and a worker. */
static bool names_one(const struct settings *settings)
{
    return settings->arg_count + fields_has_filters(settings) + (settings->worker > 0) == 1;
}

/* ---- cancel ---- */

static int check_cancel(const struct settings *settings)
{
    if (names_one(settings))
        return 0;
    complain("cancel takes either JOB or some of --module, --pool, --owner and --state");
    return -1;
}

static int print_cancelled(const struct settings *settings, const tm_client_event *answer)
{
    return print_answer(settings, "cancelled", answer);
}

static int run_cancel(const struct settings *settings)
{
    return ask_request(settings, "cancel", make_fields(settings), print_cancelled);
}

/* ---- kill ---- */

static int print_killed(const struct settings *settings, const tm_client_event *answer)
{
    return print_answer(settings, "killed", answer);
}

static int check_kill(const struct settings *settings)
{
    if (names_one(settings))
        return 0;
    complain("kill takes either JOB, --worker, or some of --module, --pool, --owner and --state");
    return -1;
}

static int run_kill(const struct settings *settings)
{
    return ask_request(settings, "kill", make_fields(settings), print_killed);
}

const struct command cmd_cancel = {
    .name = "cancel",
    .arguments = "[JOB]",
    .arg_max = 1,
    .completes = VALUE_JOB,
    .kind = COMMAND_JOB | COMMAND_SELECT,
    .check = check_cancel,
    .run = run_cancel,
    .summary = "stop a job gently",
    .help = "Takes a waiting job off the queue, or asks a running one to stop: by the stop\n"
            "flag, then by SIGTERM, then by SIGKILL. JOB is the server's id of the job, as\n"
            "shown by `taskmaster jobs`. The options select jobs instead: those with all the\n"
            "named properties are stopped.\n",
};

const struct command cmd_kill = {
    .name = "kill",
    .arguments = "[JOB]",
    .arg_max = 1,
    .completes = VALUE_JOB,
    .kind = COMMAND_JOB | COMMAND_SELECT | COMMAND_WORKER,
    .check = check_kill,
    .run = run_kill,
    .summary = "stop a job or a worker at once",
    .help = "Stops a job with SIGKILL at once. JOB is the server's id of the job, as for\n"
            "cancel. The options select jobs instead, or with --worker a worker, which is\n"
            "killed whatever it does.\n",
};
