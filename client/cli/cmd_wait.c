/*
 * cmd_wait: the ends of kept jobs, in the order of the arguments.
 *
 * A wait changes nothing at the server. So it is sent again after a lost connection, and a few jobs
 * beyond the next one to print are waited for: more would only fill the memory with results.
 */
#include "allocate.h"
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "exit_status.h"
#include "fields.h"
#include "job_progress.h"
#include "output.h"
#include "report.h"
#include "report_json.h"

#include <limits.h>
#include <stdlib.h>

enum { AHEAD_MAX = 64 }; /* waits in flight */

struct wait {
    const struct settings *settings; /* borrowed */
    tm_client *client;               /* owned; NULL: lost for good */
    uint64_t *ids;                   /* owned: of the waits, one for each job */
    int sent;                        /* waits up to here are in flight, or over */
    struct job_progress progress;
};

/* ---- asking ---- */

static json_t *make_fields(const struct settings *settings, int job)
{
    json_t *fields = fields_new();
    fields_add_text(fields, "job", settings->args[job]);
    if (settings->shows_progress)
        json_object_set_new(fields, "notify", json_pack("[ss]", "progress", "retry"));
    return fields;
}

static tm_client_status send_wait(struct wait *wait, int job)
{
    json_t *fields = make_fields(wait->settings, job);
    char *text = json_dumps(fields, JSON_COMPACT);
    json_decref(fields);
    if (!text)
        allocate_failed();
    tm_client_status status =
        tm_client_request(wait->client, "wait", text, NULL, 0, NULL,
                          settings_time_left_ms(wait->settings, -1), &wait->ids[job]);
    free(text);
    return status;
}

/* Keeps waits in flight from this job on. */
static tm_client_status send_ahead(struct wait *wait, int job)
{
    tm_client_status status = TM_CLIENT_OK;
    while (status == TM_CLIENT_OK && wait->sent < wait->settings->arg_count &&
           wait->sent < job + AHEAD_MAX) {
        status = send_wait(wait, wait->sent);
        wait->sent += status == TM_CLIENT_OK;
    }
    return status;
}

/* ---- printing ---- */

static int print_json(const struct settings *settings, const tm_client_event *event)
{
    size_t len;
    char *line = report_json_event(event, 0, &len);
    return output_print_owned(settings, line, len);
}

/* Of several results, each has a line of its own. */
static int print_result(const struct settings *settings, const tm_client_event *event)
{
    if (settings->arg_count == 1)
        return output_print_result(settings, event->data, event->size);
    int status = output_print(settings, event->data, event->size);
    return status == EXIT_DONE ? output_print(settings, "\n", 1) : status;
}

/* Takes the end of a job. `*written` gets the exit status of the output. */
static int print_end(const struct settings *settings, tm_client_event *event, int *written)
{
    int status = report_exit_status(event);
    if (settings->json) {
        *written = print_json(settings, event);
    } else if (event->type == TM_CLIENT_EVENT_DONE) {
        *written = print_result(settings, event);
    } else {
        report_failure(event, 0);
        report_lost(event);
    }
    tm_client_event_free(event);
    return status;
}

/* Takes an event before the end. */
static void show_event(struct wait *wait, tm_client_event *event)
{
    if (wait->settings->json) {
        (void)print_json(wait->settings, event); /* the end's output fails, too */
    } else if (event->type == TM_CLIENT_EVENT_PROGRESS) {
        job_progress_show(&wait->progress, event->fraction, event->message);
    } else if (event->type == TM_CLIENT_EVENT_RETRY) {
        job_progress_hide(&wait->progress);
        report_retry(event);
    }
    tm_client_event_free(event);
}

/* ---- waiting ---- */

/* The server's end, or its restart, ends no kept job. */
static bool reconnect(struct wait *wait, int job, int *exit_status)
{
    complain("the connection is lost; connecting again");
    tm_client_free(wait->client);
    wait->client = connect_again(wait->settings, wait->settings->reconnect_ms, -1, exit_status);
    wait->sent = job;
    return wait->client != NULL;
}

/* OK: `*end` is the job's last event, the caller's. */
static tm_client_status await_end(struct wait *wait, int job, tm_client_event **end)
{
    tm_client_status status = send_ahead(wait, job);
    while (status == TM_CLIENT_OK) {
        status = tm_client_next_for(wait->client, wait->ids[job],
                                    settings_time_left_ms(wait->settings, -1), end);
        if (status != TM_CLIENT_OK || tm_client_event_is_final(*end))
            break;
        show_event(wait, *end);
    }
    job_progress_hide(&wait->progress);
    return status;
}

static int fail(const struct wait *wait, int job, tm_client_status status)
{
    if (status != TM_CLIENT_TIMEOUT)
        return report_call(wait->settings, wait->client, status);
    complain("job %.128s has not ended in time", wait->settings->args[job]);
    return EXIT_TIMED_OUT;
}

/* Waits for one job and prints its end. `*stop` is set unless the others can follow. Returns the
 * exit status. */
static int wait_for(struct wait *wait, int job, bool *stop)
{
    int exit_status = EXIT_DONE, written = EXIT_DONE;
    tm_client_event *end;
    tm_client_status status = await_end(wait, job, &end);
    while (status == TM_CLIENT_CLOSED && wait->settings->reconnect_ms) {
        *stop = !reconnect(wait, job, &exit_status);
        if (*stop)
            return exit_status;
        status = await_end(wait, job, &end);
    }
    if (status == TM_CLIENT_OK)
        exit_status = print_end(wait->settings, end, &written);
    else
        exit_status = fail(wait, job, status);
    *stop = status != TM_CLIENT_OK || written != EXIT_DONE;
    return written != EXIT_DONE ? written : exit_status;
}

static int wait_for_all(struct wait *wait)
{
    int count = wait->settings->arg_count, failed = 0;
    bool stop = false;
    for (int job = 0; job < count; job++) {
        int exit_status = wait_for(wait, job, &stop);
        if (stop || count == 1)
            return exit_status;
        failed += exit_status != EXIT_DONE;
    }
    return failed > 0 ? EXIT_SOME_FAILED : EXIT_DONE;
}

static int run(const struct settings *settings)
{
    int exit_status;
    struct wait wait = {.settings = settings};
    wait.client = connect_again(settings, settings->reconnect_ms, -1, &exit_status);
    if (!wait.client)
        return exit_status;
    wait.ids = allocate(NULL, (size_t)settings->arg_count * sizeof *wait.ids);
    job_progress_open(&wait.progress);
    exit_status = wait_for_all(&wait);
    free(wait.ids);
    tm_client_free(wait.client);
    return exit_status;
}

static int check(const struct settings *settings)
{
    if (!settings->shows_progress || settings->arg_count == 1)
        return 0;
    complain("--progress shows one job");
    return -1;
}

const struct command cmd_wait = {
    .name = "wait",
    .arguments = "JOB...",
    .arg_min = 1,
    .arg_max = INT_MAX,
    .completes = VALUE_JOB,
    .kind = COMMAND_QUEUE | COMMAND_WAIT,
    .check = check,
    .run = run,
    .summary = "wait for kept jobs and print their results",
    .help = "Waits for the end of jobs kept by taskqueued, whoever submitted them and\n"
            "whenever they ended, and writes their results to standard output in the order\n"
            "of the arguments: of one job as it is, of several each with a newline. The end\n"
            "of the command changes nothing, and a wait may be repeated.\n",
};
