/* run_job: see run_job.h. No event is taken while output waits: parts then wait at the server, and
 * the worker behind them. */
#include "run_job.h"

#include "complain.h"
#include "connect.h"
#include "interrupt.h"
#include "job_progress.h"
#include "report.h"
#include "report_json.h"
#include "sink.h"
#include "submission.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
    const struct settings *settings; /* borrowed, as the client */
    tm_client *client;
    struct run_outcome *outcome;
    uint64_t id;
    int interrupt_fd;
    struct sink sink; /* parts not written yet */
    bool drops;       /* after an interrupt: parts still to be written */
    bool dropped;     /* a part was lost so */
    struct job_progress progress;
};

/* After an interrupt nobody may read any more: a full pipe must not keep the command. */
static void drop_parts(struct run *run)
{
    run->drops = true;
    run->dropped = sink_pending(&run->sink) > 0;
    sink_close(&run->sink);
    sink_open(&run->sink, STDOUT_FILENO);
}

/* Asks the server to cancel the job. The end of the job then ends the wait. */
static void cancel(struct run *run)
{
    int timeout_ms = settings_time_left_ms(run->settings, ANSWER_MAX_MS);
    tm_client_status status = tm_client_cancel_id(run->client, run->id, timeout_ms, NULL);
    run->outcome->interrupted = true;
    drop_parts(run);
    job_progress_hide(&run->progress);
    if (status == TM_CLIENT_OK)
        complain("interrupted: cancelling the job; interrupt again to leave at once");
    else if (strcmp(tm_client_error_code(run->client), "unknown-job") != 0)
        complain("cannot cancel: %s", tm_client_error(run->client));
}

static void add_json(struct run *run, const tm_client_event *event)
{
    size_t len;
    char *line = report_json_event(event, 0, &len);
    sink_add(&run->sink, line, len);
    free(line);
}

static void show_retry(struct run *run, const tm_client_event *event)
{
    job_progress_hide(&run->progress);
    report_retry(event);
}

/* Takes an event before the last one. Only events asked for come. */
static void take_event(struct run *run, tm_client_event *event)
{
    bool part = event->type == TM_CLIENT_EVENT_PART;
    run->outcome->begun = true;
    if (part && run->drops)
        run->dropped = true;
    else if (run->settings->json && event->type != TM_CLIENT_EVENT_STARTED)
        add_json(run, event);
    else if (event->type == TM_CLIENT_EVENT_RETRY)
        show_retry(run, event);
    else if (part)
        sink_add(&run->sink, event->data, event->size);
    else if (event->type == TM_CLIENT_EVENT_PROGRESS)
        job_progress_show(&run->progress, event->fraction, event->message);
    tm_client_event_free(event);
}

/* Writes a piece of the waiting parts. Returns 0, or -1 after a complaint. */
static int write_parts(struct run *run)
{
    if (isatty(run->sink.fd))
        job_progress_hide(&run->progress);
    return sink_write(&run->sink);
}

/* Waits for the server, for standard output while parts wait, or an interrupt. Returns 0, or -1 if
 * the output has failed. */
static int wait_once(struct run *run)
{
    bool writes = sink_pending(&run->sink) > 0;
    struct pollfd poll_fds[] = {
        {.fd = writes ? -1 : tm_client_fd(run->client),
         .events = tm_client_poll_events(run->client)},
        {.fd = writes ? run->sink.fd : -1, .events = POLLOUT},
        {.fd = run->interrupt_fd, .events = POLLIN},
    };
    poll(poll_fds, 3, settings_time_left_ms(run->settings, -1));
    if (poll_fds[2].revents && interrupt_take(run->interrupt_fd))
        cancel(run);
    return poll_fds[1].revents ? write_parts(run) : 0;
}

/* Takes all events that are there. Returns OK with the job's last event, TIMEOUT while it has not
 * come, or the connection's end. */
static tm_client_status take_events(struct run *run)
{
    tm_client_event *event;
    tm_client_status status = TM_CLIENT_TIMEOUT;
    while (sink_pending(&run->sink) == 0) {
        status = tm_client_next_for(run->client, run->id, 0, &event);
        if (status != TM_CLIENT_OK)
            return status;
        if (tm_client_event_is_final(event)) {
            run->outcome->event = event;
            return TM_CLIENT_OK;
        }
        take_event(run, event);
    }
    return TM_CLIENT_TIMEOUT;
}

static tm_client_status await_end(struct run *run)
{
    for (;;) {
        tm_client_status status = take_events(run);
        if (status != TM_CLIENT_TIMEOUT || tmc_deadline_passed(run->settings->deadline))
            return status;
        if (wait_once(run) < 0) {
            run->outcome->output_failed = true;
            return TM_CLIENT_OK;
        }
    }
}

/* The end of a result is of no use behind a gap. */
static void check_output(struct run *run)
{
    const tm_client_event *event = run->outcome->event;
    if (!run->dropped || !event || event->type != TM_CLIENT_EVENT_DONE)
        return;
    complain("interrupted: the result is done, and not all of it is written");
    run->outcome->output_failed = true;
}

static uint32_t notify_of(const struct settings *settings, const tm_client *client)
{
    return (settings->streams ? TM_CLIENT_NOTIFY_PART : 0) |
           (settings->shows_progress ? TM_CLIENT_NOTIFY_PROGRESS : 0) |
           (settings->shows_progress && connect_is_queue(client) ? TM_CLIENT_NOTIFY_RETRY : 0) |
           (settings->retry_ms ? TM_CLIENT_NOTIFY_STARTED : 0);
}

void run_job(const struct settings *settings, tm_client *client, const struct payload *payload,
             struct run_outcome *outcome)
{
    struct run run = {.settings = settings, .client = client, .outcome = outcome};
    struct submission submission;
    tm_client_submit_options options = settings_submit_options(settings);
    options.notify = notify_of(settings, client);
    submission_open(&submission, settings, &options);
    memset(outcome, 0, sizeof *outcome);
    run.interrupt_fd = interrupt_open();
    sink_open(&run.sink, STDOUT_FILENO);
    job_progress_open(&run.progress);
    /* With the timeout 0, the rest goes out while await_end() waits, and hears interrupts. */
    outcome->status =
        submission_send(&submission, client, payload->data, payload->size, NULL, 0, &run.id);
    if (outcome->status == TM_CLIENT_OK)
        outcome->status = await_end(&run);
    job_progress_hide(&run.progress);
    check_output(&run);
    submission_close(&submission);
    sink_close(&run.sink);
    interrupt_close(run.interrupt_fd);
}

void run_outcome_free(struct run_outcome *outcome)
{
    tm_client_event_free(outcome->event);
    outcome->event = NULL;
}
