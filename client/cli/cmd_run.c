/* cmd_run: one job, from its payload to its result. */
#include "client/lib/deadline.h"
#include "command.h"
#include "interrupt.h"
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

struct payload {
    const void *data;
    size_t size;
    char *owned; /* NULL: `data` is borrowed */
};

/* All of standard input, at most `max` bytes. 0, or an exit status after a complaint. */
static int read_stdin(const struct settings *settings, size_t max, struct payload *payload)
{
    size_t capacity = 0;
    for (;;) {
        struct pollfd poll_fd = {.fd = STDIN_FILENO, .events = POLLIN};
        if (capacity - payload->size < READ_SIZE) {
            capacity = capacity * 2 + READ_SIZE;
            payload->owned = allocate(payload->owned, capacity);
        }
        if (poll(&poll_fd, 1, command_time_left_ms(settings, -1)) == 0) {
            complain("standard input did not end in time");
            return EXIT_TIMED_OUT;
        }
        ssize_t count =
            read(STDIN_FILENO, payload->owned + payload->size, capacity - payload->size);
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (count < 0) {
            complain("cannot read standard input: %s", strerror(errno));
            return EXIT_JOB_FAILED;
        }
        payload->size += (size_t)count;
        if (payload->size > max) {
            complain(PAYLOAD_TOO_LARGE, max);
            return EXIT_JOB_FAILED;
        }
        if (count == 0)
            break;
    }
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

/* The first interrupt asks the server to cancel; the job's own end then ends the wait. */
static void cancel(const struct settings *settings, tm_client *client, uint64_t id)
{
    tm_client_status status =
        tm_client_cancel_id(client, id, command_time_left_ms(settings, ANSWER_MAX_MS), NULL);
    if (status == TM_CLIENT_OK)
        complain("interrupted: the job is being cancelled; once more leaves at once");
    else if (strcmp(tm_client_error_code(client), "unknown-job") != 0)
        complain("cannot cancel: %s", tm_client_error(client));
}

/* Waits for the job's end, and for interrupts meanwhile. */
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

        struct pollfd poll_fds[] = {
            {.fd = tm_client_fd(client), .events = tm_client_poll_events(client)},
            {.fd = interrupt_fd, .events = POLLIN},
        };
        poll(poll_fds, 2, command_time_left_ms(settings, -1));
        if (interrupt_take(interrupt_fd))
            cancel(settings, client, id);
    }
}

/* A prompt right behind a result without a newline is hard to read; a pipe or a file gets exactly
 * what the module gave. */
static bool wants_newline(const tm_client_event *event)
{
    const char *data = event->data;
    return event->size > 0 && data[event->size - 1] != '\n' && isatty(STDOUT_FILENO);
}

static int print_end(const struct settings *settings, const tm_client_event *event)
{
    int status = report_exit_status(event), written = 0;
    if (settings->json) {
        size_t len;
        char *line = report_json(event, 0, &len);
        written = command_print(settings, line, len);
        free(line);
    } else if (event->type == TM_CLIENT_EVENT_DONE) {
        written = command_print(settings, event->data, event->size);
        if (written == 0 && wants_newline(event))
            written = command_print(settings, "\n", 1);
    } else {
        report_failure(event, 0);
        report_output(event);
    }
    return status == EXIT_DONE ? written : status;
}

static int run_job(const struct settings *settings, tm_client *client,
                   const struct payload *payload)
{
    tm_client_submit_options options = {.context = settings->context,
                                        .timeout_ms = settings->job_timeout_ms,
                                        .link = !settings->unlinked};
    tm_client_event *event = NULL;
    uint64_t id;
    int interrupt_fd = interrupt_open();
    /* 0: what the socket does not take at once goes out while await_end() waits, where an
     * interrupt is heard. */
    tm_client_status status =
        tm_client_submit(client, settings->args[0], payload->data, payload->size, &options, 0, &id);
    if (status == TM_CLIENT_OK)
        status = await_end(settings, client, id, interrupt_fd, &event);
    interrupt_close(interrupt_fd);
    int exit_status = EXIT_TIMED_OUT;
    if (status == TM_CLIENT_OK)
        exit_status = print_end(settings, event);
    else if (status == TM_CLIENT_TIMEOUT)
        complain("the job did not end in time; it %s",
                 settings->unlinked ? "is not cancelled" : "is cancelled");
    else
        exit_status = command_failed(settings, client, status);
    tm_client_event_free(event);
    return exit_status;
}

int cmd_run(const struct settings *settings)
{
    int exit_status;
    if (settings->each)
        return cmd_each(settings);
    tm_client *client = command_connect(settings, &exit_status);
    if (!client)
        return exit_status;
    struct payload payload = {0};
    exit_status = read_payload(settings, client, &payload);
    if (exit_status == 0)
        exit_status = run_job(settings, client, &payload);
    free(payload.owned);
    tm_client_free(client);
    return exit_status;
}
