/* cmd_submit: hands a job over, and does not wait for its end. */
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "exit_status.h"
#include "output.h"
#include "payload.h"
#include "report.h"
#include "report_json.h"
#include "submission.h"

/* The first event is the last one: accepted, or the refusal. */
static int print_answer(const struct settings *settings, const tm_client_event *event)
{
    bool accepted = event->type == TM_CLIENT_EVENT_ACCEPTED;
    int status = accepted ? EXIT_DONE : report_exit_status(event), written = 0;
    if (settings->json) {
        size_t len;
        char *line = report_json_event(event, 0, &len);
        written = output_print_owned(settings, line, len);
    } else if (accepted) {
        written = output_print_line(settings, "%.128s", event->job ? event->job : "?");
    } else {
        report_failure(event, 0);
    }
    return status == EXIT_DONE ? written : status;
}

/* The whole payload is sent first, as long as that takes; only then the answer is waited for. */
static tm_client_status submit(const struct settings *settings, tm_client *client,
                               const struct payload *payload, tm_client_event **event)
{
    struct submission submission;
    tm_client_submit_options options = settings_submit_options(settings);
    uint64_t id;
    options.link = false;
    options.service = settings->service;
    options.detach = !settings->service;
    submission_open(&submission, settings, &options);
    tm_client_status status = submission_send(&submission, client, payload->data, payload->size,
                                              NULL, settings_time_left_ms(settings, -1), &id);
    submission_close(&submission);
    if (status == TM_CLIENT_OK)
        status =
            tm_client_next_for(client, id, settings_time_left_ms(settings, ANSWER_MAX_MS), event);
    return status;
}

static int submit_and_print(const struct settings *settings, tm_client *client,
                            const struct payload *payload)
{
    tm_client_event *event = NULL;
    tm_client_status status = submit(settings, client, payload, &event);
    int exit_status = status == TM_CLIENT_OK ? print_answer(settings, event)
                                             : report_call(settings, client, status);
    tm_client_event_free(event);
    return exit_status;
}

static int run(const struct settings *settings)
{
    int exit_status;
    struct payload payload;
    tm_client *client = connect_to_submit(settings, &exit_status);
    if (!client)
        return exit_status;
    exit_status = payload_read(settings, client, &payload);
    if (exit_status == 0)
        exit_status = submit_and_print(settings, client, &payload);
    payload_free(&payload);
    tm_client_free(client);
    return exit_status;
}

const struct command cmd_submit = {
    .name = "submit",
    .arguments = "MODULE [PAYLOAD]",
    .arg_min = 1,
    .arg_max = 2,
    .completes = VALUE_MODULE,
    .kind = COMMAND_SUBMIT,
    .run = run,
    .summary = "hand a job over and print its id",
    .help = "Submits PAYLOAD, or all of standard input, to MODULE, prints the server's id of\n"
            "the job, and does not wait for its end. With --queue the job is kept until it\n"
            "is done, and `taskmaster wait` has its result. Otherwise the result is thrown\n"
            "away, or with --service goes to the client that has registered this name.\n",
};
