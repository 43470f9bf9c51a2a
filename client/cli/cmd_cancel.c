/* cmd_cancel: cancel and kill. Both name a job by the server's id; kill may name a worker. */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "output.h"

#include <inttypes.h>

/* Returns 0, or an exit status after a complaint. */
static int print_answer(const struct settings *settings, const char *verb,
                        const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    return output_print_line(settings, "%s %.128s, which was %.128s", verb, settings->args[0],
                             answer->state ? answer->state : "in an unknown state");
}

static tm_client_status ask_cancel(tm_client *client, const struct settings *settings,
                                   int timeout_ms, tm_client_event **answer)
{
    return tm_client_cancel(client, settings->args[0], timeout_ms, answer);
}

static int print_cancelled(const struct settings *settings, const tm_client_event *answer)
{
    return print_answer(settings, "cancelled", answer);
}

static int run_cancel(const struct settings *settings)
{
    return ask_server(settings, ask_cancel, print_cancelled);
}

static tm_client_status ask_kill(tm_client *client, const struct settings *settings, int timeout_ms,
                                 tm_client_event **answer)
{
    if (settings->worker)
        return tm_client_kill_worker(client, settings->worker, timeout_ms, answer);
    return tm_client_kill(client, settings->args[0], timeout_ms, answer);
}

static int print_killed(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->worker && !settings->json)
        return output_print_line(settings, "killed worker %" PRIu32, settings->worker);
    return print_answer(settings, "killed", answer);
}

static int check_kill(const struct settings *settings)
{
    if ((settings->arg_count == 0) == (settings->worker > 0))
        return 0;
    complain("kill takes either JOB or --worker");
    return -1;
}

static int run_kill(const struct settings *settings)
{
    return ask_server(settings, ask_kill, print_killed);
}

const struct command cmd_cancel = {
    .name = "cancel",
    .arguments = "JOB",
    .arg_min = 1,
    .arg_max = 1,
    .completes = VALUE_JOB,
    .kind = COMMAND_JOB,
    .run = run_cancel,
    .summary = "stop a job gently",
    .help = "Takes a waiting job off the queue, or asks a running one to stop: by the stop\n"
            "flag, then by SIGTERM, then by SIGKILL. JOB is the server's id of the job:\n"
            "`taskmaster workers` shows the ids of running jobs, and the event \"accepted\"\n"
            "tells a program the id of its own job.\n",
};

const struct command cmd_kill = {
    .name = "kill",
    .arguments = "[JOB]",
    .arg_max = 1,
    .completes = VALUE_JOB,
    .kind = COMMAND_JOB | COMMAND_WORKER,
    .check = check_kill,
    .run = run_kill,
    .summary = "stop a job or a worker at once",
    .help = "Stops a job with SIGKILL at once. JOB is the server's id of the job, as for\n"
            "cancel. With --worker instead, that worker is killed, whatever it does.\n",
};
