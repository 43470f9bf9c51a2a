/* cmd_cancel: cancel and kill. Both name a job by the server's id. */
#include "command.h"
#include "connect.h"
#include "output.h"
#include "report.h"
#include "report_json.h"

typedef tm_client_status stop_call(tm_client *client, const char *job, int timeout_ms,
                                   tm_client_event **answer);

/* Returns 0, or an exit status after a complaint. */
static int print_answer(const struct settings *settings, const char *verb,
                        const tm_client_event *answer)
{
    size_t len;
    if (!settings->json)
        return output_print_line(settings, "%s %.128s, which was %.128s", verb, settings->args[0],
                                 answer->state ? answer->state : "in an unknown state");
    char *line = report_json_event(answer, 0, &len);
    return output_print_owned(settings, line, len);
}

static int stop(const struct settings *settings, const char *verb, stop_call *call)
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return exit_status;
    tm_client_status status =
        call(client, settings->args[0], settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    exit_status = status == TM_CLIENT_OK ? print_answer(settings, verb, answer)
                                         : report_call(settings, client, status);
    tm_client_event_free(answer);
    tm_client_free(client);
    return exit_status;
}

static int run_cancel(const struct settings *settings)
{
    return stop(settings, "cancelled", tm_client_cancel);
}

static int run_kill(const struct settings *settings)
{
    return stop(settings, "killed", tm_client_kill);
}

const struct command cmd_cancel = {
    .name = "cancel",
    .arguments = "JOB",
    .arg_min = 1,
    .arg_max = 1,
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
    .arguments = "JOB",
    .arg_min = 1,
    .arg_max = 1,
    .kind = COMMAND_JOB,
    .run = run_kill,
    .summary = "stop a job at once",
    .help = "Stops a job with SIGKILL at once. JOB is the server's id of the job, as for\n"
            "cancel.\n",
};
