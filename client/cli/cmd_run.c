/* cmd_run: one job, from its payload to its result. each.c does run --each. */
#include "allocate.h"
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "each.h"
#include "exit_status.h"
#include "interrupt.h"
#include "output.h"
#include "report.h"
#include "report_json.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

struct payload {
    const void *data;
    size_t size;
    char *owned; /* NULL: `data` is borrowed */
    size_t capacity;
};

/* Reads standard input once. Returns the bytes read, 0 at the end of input, -1 with errno. */
static ssize_t read_once(struct payload *payload)
{
    ssize_t count;
    if (payload->capacity - payload->size < READ_SIZE) {
        payload->capacity = payload->capacity * 2 + READ_SIZE;
        payload->owned = allocate(payload->owned, payload->capacity);
    }
    count = read(STDIN_FILENO, payload->owned + payload->size, payload->capacity - payload->size);
    if (count > 0)
        payload->size += (size_t)count;
    return count;
}

/* Reads all of standard input, at most `max` bytes. Returns 0, or an exit status after a complaint.
 */
static int read_stdin(const struct settings *settings, size_t max, struct payload *payload)
{
    ssize_t count;
    do {
        struct pollfd poll_fd = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&poll_fd, 1, settings_time_left_ms(settings, -1)) == 0) {
            complain("standard input did not end in time");
            return EXIT_TIMED_OUT;
        }
        count = read_once(payload);
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            complain("cannot read standard input: %s", strerror(errno));
            return EXIT_JOB_FAILED;
        }
        if (payload->size > max) {
            complain(PAYLOAD_TOO_LARGE, max);
            return EXIT_JOB_FAILED;
        }
    } while (count != 0);
    payload->data = payload->owned;
    return 0;
}

static int read_payload(const struct settings *settings, const tm_client *client,
                        struct payload *payload)
{
    if (settings->arg_count < 2)
        return read_stdin(settings, tm_client_payload_max(client), payload);
    payload->data = settings->args[1];
    payload->size = strlen(settings->args[1]);
    return 0;
}

/* Asks the server to cancel the job. The end of the job then ends the wait. */
static void cancel(const struct settings *settings, tm_client *client, uint64_t id)
{
    tm_client_status status =
        tm_client_cancel_id(client, id, settings_time_left_ms(settings, ANSWER_MAX_MS), NULL);
    if (status == TM_CLIENT_OK)
        complain("interrupted: cancelling the job; interrupt again to leave at once");
    else if (strcmp(tm_client_error_code(client), "unknown-job") != 0)
        complain("cannot cancel: %s", tm_client_error(client));
}

/* Waits for the server or an interrupt. */
static void wait_once(const struct settings *settings, tm_client *client, uint64_t id,
                      int interrupt_fd)
{
    struct pollfd poll_fds[] = {
        {.fd = tm_client_fd(client), .events = tm_client_poll_events(client)},
        {.fd = interrupt_fd, .events = POLLIN},
    };
    poll(poll_fds, 2, settings_time_left_ms(settings, -1));
    if (interrupt_take(interrupt_fd))
        cancel(settings, client, id);
}

/* Waits for the job's last event. */
static tm_client_status await_end(const struct settings *settings, tm_client *client, uint64_t id,
                                  int interrupt_fd, tm_client_event **event)
{
    for (;;) {
        tm_client_status status = tm_client_next_for(client, id, 0, event);
        if (status == TM_CLIENT_OK && tm_client_event_is_final(*event))
            return status;
        if (status != TM_CLIENT_OK && status != TM_CLIENT_TIMEOUT)
            return status;
        tm_client_event_free(*event);
        if (status == TM_CLIENT_TIMEOUT && tmc_deadline_passed(settings->deadline))
            return status;
        wait_once(settings, client, id, interrupt_fd);
    }
}

/* A prompt right behind a result is hard to read. A pipe or a file gets the result alone. */
static bool wants_newline(const tm_client_event *event)
{
    const char *data = event->data;
    return event->size > 0 && data[event->size - 1] != '\n' && isatty(STDOUT_FILENO);
}

static int print_result(const struct settings *settings, const tm_client_event *event)
{
    int written = output_print(settings, event->data, event->size);
    if (written == 0 && wants_newline(event))
        written = output_print(settings, "\n", 1);
    return written;
}

static int print_end(const struct settings *settings, const tm_client_event *event)
{
    int status = report_exit_status(event), written = 0;
    if (settings->json) {
        size_t len;
        char *line = report_json_event(event, 0, &len);
        written = output_print_owned(settings, line, len);
    } else if (event->type == TM_CLIENT_EVENT_DONE) {
        written = print_result(settings, event);
    } else {
        report_failure(event, 0);
        report_lost(event);
    }
    return status == EXIT_DONE ? written : status;
}

/* Submits the job and waits for its end. */
static tm_client_status run_job(const struct settings *settings, tm_client *client,
                                const struct payload *payload, tm_client_event **event)
{
    tm_client_submit_options options = {.context = settings->context,
                                        .timeout_ms = settings->job_timeout_ms,
                                        .link = !settings->unlinked};
    uint64_t id;
    int interrupt_fd = interrupt_open();
    /* With the timeout 0, the rest goes out while await_end() waits, and hears interrupts. */
    tm_client_status status =
        tm_client_submit(client, settings->args[0], payload->data, payload->size, &options, 0, &id);
    if (status == TM_CLIENT_OK)
        status = await_end(settings, client, id, interrupt_fd, event);
    interrupt_close(interrupt_fd);
    return status;
}

static int run_and_print(const struct settings *settings, tm_client *client,
                         const struct payload *payload)
{
    tm_client_event *event = NULL;
    int exit_status = EXIT_TIMED_OUT;
    tm_client_status status = run_job(settings, client, payload, &event);
    if (status == TM_CLIENT_OK)
        exit_status = print_end(settings, event);
    else if (status == TM_CLIENT_TIMEOUT)
        complain("the job did not end in time; it %s",
                 settings->unlinked ? "is not cancelled" : "is cancelled");
    else
        exit_status = report_call(settings, client, status);
    tm_client_event_free(event);
    return exit_status;
}

static int run(const struct settings *settings)
{
    int exit_status;
    if (settings->each)
        return each_run(settings);
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return exit_status;
    struct payload payload = {0};
    exit_status = read_payload(settings, client, &payload);
    if (exit_status == 0)
        exit_status = run_and_print(settings, client, &payload);
    free(payload.owned);
    tm_client_free(client);
    return exit_status;
}

static int check(const struct settings *settings)
{
    if (settings->each && settings->arg_count > 1) {
        complain("run takes its payloads from standard input with --each, not from an argument");
        return -1;
    }
    if (!settings->each && (settings->unordered || settings->jobs)) {
        complain("--unordered and --jobs belong to --each");
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
