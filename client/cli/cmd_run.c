/* cmd_run: one job, from its payload to its result. each.c does run --each. */
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "each.h"
#include "exit_status.h"
#include "output.h"
#include "payload.h"
#include "report.h"
#include "report_json.h"
#include "run_job.h"

#include <poll.h>

/* The bounds of a pause before another try, for any advice of the server. */
enum {
    PAUSE_MIN_MS = 20,
    PAUSE_MAX_MS = 10000,
};

static int print_end(const struct settings *settings, const tm_client_event *event)
{
    int status = report_exit_status(event), written = 0;
    if (settings->json) {
        size_t len;
        char *line = report_json_event(event, 0, &len);
        written = output_print_owned(settings, line, len);
    } else if (event->type == TM_CLIENT_EVENT_DONE) {
        written = output_print_result(settings, event->data, event->size);
    } else {
        report_failure(event, 0);
        report_lost(event);
    }
    return status == EXIT_DONE ? written : status;
}

static int print_outcome(const struct settings *settings, const tm_client *client,
                         const struct run_outcome *outcome)
{
    if (outcome->output_failed)
        return EXIT_JOB_FAILED;
    if (outcome->status == TM_CLIENT_OK)
        return print_end(settings, outcome->event);
    if (outcome->status != TM_CLIENT_TIMEOUT)
        return report_call(settings, client, outcome->status);
    complain("the job did not end in time; it %s",
             settings->unlinked ? "is not cancelled" : "is cancelled");
    return EXIT_TIMED_OUT;
}

/* ---- --retry ---- */

/* A queue may have kept the job, and then runs it. With a key, a second submit joins the job. */
static bool is_kept(const struct settings *settings, const tm_client *client)
{
    return connect_is_queue(client) && !settings->keep.key;
}

/* True if the job cannot have begun, as far as the server has told. */
static bool may_retry(const struct settings *settings, const tm_client *client,
                      const struct run_outcome *outcome)
{
    if (outcome->begun || outcome->interrupted || outcome->output_failed)
        return false;
    if (outcome->status == TM_CLIENT_OK)
        return report_never_began(outcome->event);
    return outcome->status == TM_CLIENT_CLOSED && !is_kept(settings, client);
}

/* The server ends and has refused the job, and the next one takes it. */
static bool has_next(const struct settings *settings, const struct run_outcome *outcome)
{
    return !outcome->interrupted && !outcome->output_failed && outcome->status == TM_CLIENT_OK &&
           report_was_refused_at_end(outcome->event) && connect_has_next(settings);
}

static bool goes_on(const struct settings *settings, const tm_client *client,
                    const struct run_outcome *outcome, int64_t retry_end)
{
    if (tmc_deadline_passed(settings->deadline))
        return false;
    if (!settings->retry_ms)
        return has_next(settings, outcome);
    return may_retry(settings, client, outcome) && !tmc_deadline_passed(retry_end);
}

static int pause_ms(const struct run_outcome *outcome)
{
    int64_t advice = outcome->event ? outcome->event->retry_after_ms : 0;
    if (advice < PAUSE_MIN_MS)
        return PAUSE_MIN_MS;
    return advice > PAUSE_MAX_MS ? PAUSE_MAX_MS : (int)advice;
}

/* Connects, waiting for a server until `retry_end`. */
static tm_client *connect_patiently(const struct settings *settings, int64_t retry_end,
                                    int *exit_status)
{
    struct settings patient = *settings;
    patient.wait_ms = (uint32_t)tmc_deadline_left_ms(retry_end);
    return connect_to_submit(&patient, exit_status);
}

/* A lost connection, and one to a server about to end, is of no further use. */
static bool needs_connection(const struct run_outcome *outcome)
{
    return outcome->status != TM_CLIENT_OK || outcome->event->type == TM_CLIENT_EVENT_FAILED;
}

/* Waits for the moment of another try. Returns false if there is no client then: `*exit_status` is
 * set. */
static bool prepare_retry(const struct settings *settings, struct run_outcome *outcome,
                          int64_t retry_end, tm_client **client, int *exit_status)
{
    int wait_ms = tmc_deadline_earlier_ms(pause_ms(outcome), tmc_deadline_left_ms(retry_end));
    poll(NULL, 0, settings_time_left_ms(settings, wait_ms));
    if (needs_connection(outcome)) {
        tm_client_free(*client);
        *client = connect_patiently(settings, retry_end, exit_status);
    }
    run_outcome_free(outcome);
    return *client != NULL;
}

/* Runs the job, again and again while --retry lasts, or on the next server. May replace the client,
 * and leave none. */
static int run_and_print(const struct settings *settings, tm_client **client,
                         const struct payload *payload)
{
    int exit_status;
    struct run_outcome outcome;
    int64_t retry_end = tmc_deadline_in((int)settings->retry_ms);
    run_job(settings, *client, payload, &outcome);
    while (goes_on(settings, *client, &outcome, retry_end)) {
        if (!settings->retry_ms)
            retry_end = tmc_deadline_in(CONNECT_NEXT_MS);
        if (!prepare_retry(settings, &outcome, retry_end, client, &exit_status))
            return exit_status;
        run_job(settings, *client, payload, &outcome);
    }
    exit_status = print_outcome(settings, *client, &outcome);
    run_outcome_free(&outcome);
    return exit_status;
}

static int run(const struct settings *settings)
{
    int exit_status;
    struct payload payload;
    if (settings->each)
        return each_run(settings);
    tm_client *client =
        connect_patiently(settings, tmc_deadline_in((int)settings->retry_ms), &exit_status);
    if (!client)
        return exit_status;
    exit_status = payload_read(settings, client, &payload);
    if (exit_status == 0)
        exit_status = run_and_print(settings, &client, &payload);
    payload_free(&payload);
    tm_client_free(client);
    return exit_status;
}

static bool belongs_to_each(const struct settings *settings)
{
    return settings->unordered || settings->jobs || settings->null || settings->job_log ||
           settings->resumes || settings->reconnect_ms;
}

static int check(const struct settings *settings)
{
    if (settings->each && settings->arg_count > 1) {
        complain("run takes its payloads from standard input with --each, not from an argument");
        return -1;
    }
    if (!settings->each && belongs_to_each(settings)) {
        complain(
            "--unordered, --jobs, --null, --joblog, --resume and --reconnect belong to --each");
        return -1;
    }
    if (settings->resumes && !settings->job_log) {
        complain("--resume needs the log of the earlier run: --joblog FILE");
        return -1;
    }
    if (settings->each && settings->keep.key) {
        complain("--key does not go with --each: all lines would be one job");
        return -1;
    }
    if (settings->each && (settings->streams || settings->shows_progress || settings->retry_ms)) {
        complain("--stream, --progress and --retry do not go with --each");
        return -1;
    }
    return 0;
}

const struct command cmd_run = {
    .name = "run",
    .arguments = "MODULE [PAYLOAD]",
    .arg_min = 1,
    .arg_max = 2,
    .completes = VALUE_MODULE,
    .kind = COMMAND_RUN,
    .check = check,
    .run = run,
    .summary = "run a job and print its result",
    .help = "Submits PAYLOAD, or all of standard input, to MODULE. Waits for the end of the\n"
            "job, and writes its result to standard output as it is. With --each, every\n"
            "line of standard input is a job: results come out in the order of the lines,\n"
            "one a line, and jobs refused by a full server are tried again. An interrupt\n"
            "(Ctrl-C) cancels running jobs; a second one ends the command.\n",
};
