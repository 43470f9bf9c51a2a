/* cmd_job: cancel and kill, which name a job by the server's id. */
#include "command.h"
#include "report.h"

#include <stdlib.h>

typedef tm_client_status stop_call(tm_client *client, const char *job, int timeout_ms,
                                   tm_client_event **answer);

/* 0, or an exit status after a complaint. */
static int print_answer(const struct settings *settings, const char *verb,
                        const tm_client_event *answer)
{
    size_t len;
    if (!settings->json)
        return command_print_line(settings, "%s %.128s, which was %.128s", verb, settings->args[0],
                                  answer->state ? answer->state : "in an unknown state");
    char *line = report_json(answer, 0, &len);
    int written = command_print(settings, line, len);
    free(line);
    return written;
}

static int stop(const struct settings *settings, const char *verb, stop_call *call)
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = command_connect(settings, &exit_status);
    if (!client)
        return exit_status;
    tm_client_status status =
        call(client, settings->args[0], command_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    exit_status = status == TM_CLIENT_OK ? print_answer(settings, verb, answer)
                                         : command_failed(settings, client, status);
    tm_client_event_free(answer);
    tm_client_free(client);
    return exit_status;
}

int cmd_cancel(const struct settings *settings)
{
    return stop(settings, "cancelled", tm_client_cancel);
}

int cmd_kill(const struct settings *settings)
{
    return stop(settings, "killed", tm_client_kill);
}
