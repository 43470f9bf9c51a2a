/*
 * each: see each.h. One poll loop over standard input, the server, standard output and interrupts.
 * Nothing in it waits for anything else: neither a slow reader of our output nor a pause after an
 * overload delays the rest.
 *
 * A line is read only when it could be submitted at once. At most `window` records are held: with
 * ordered output, a slow early line holds back all results behind it.
 *
 * However the batch ends, every line without a result is named, in order, with the reason. After
 * the end of the connection, the rest of the input is read for its lines. As input may never
 * end, this takes REST_MAX_MS at most; one message then stands for all lines behind.
 */
#include "each.h"

#include "complain.h"
#include "connect.h"
#include "each_batch.h"
#include "exit_status.h"
#include "interrupt.h"
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    JOBS_DEFAULT = 16,
    WINDOW_FACTOR = 4,       /* records for each job in flight */
    REST_MAX_MS = 1000,      /* for naming the lines left after the end of the connection */
    OVERLOAD_PAUSE_MS = 100, /* without the advice of the server */
    EVENTS_TURN = 64,        /* events taken in a turn: a server may send without end */
};

/* ---- reading and submitting ---- */

static bool may_submit(const struct batch *batch)
{
    return !batch->stopped && !batch->ending &&
           each_pace_allows(&batch->pace, batch->records.figures.running);
}

static bool may_read(const struct batch *batch)
{
    return each_records_has_room(&batch->records) &&
           (each_batch_reads_rest(batch) ||
            (may_submit(batch) && !each_records_ready(&batch->records)));
}

/* The next line without a result in the log of an earlier run. */
static bool next_line(struct batch *batch, struct line_text *line)
{
    while (lines_next(&batch->input, line)) {
        if (!each_log_has(batch->log, batch->records.line_count + 1))
            return true;
        each_records_skip(&batch->records, line);
    }
    return false;
}

/* Returns the next record to submit, or NULL. A line over payload_max ends at once. */
static struct each_record *next_ready(struct batch *batch)
{
    struct line_text line;
    if (!may_submit(batch))
        return NULL;
    while (may_read(batch) && next_line(batch, &line)) {
        struct each_record *record = each_records_add(&batch->records, &line);
        if (line.too_long)
            each_records_end(&batch->records, record, NULL, batch->too_large);
    }
    return each_records_ready(&batch->records);
}

static void reconnect(struct batch *batch)
{
    tm_client *lost = batch->client;
    uint32_t wait_ms =
        batch->settings->reconnect_ms ? batch->settings->reconnect_ms : CONNECT_NEXT_MS;
    batch->client =
        connect_again(batch->settings, wait_ms, batch->interrupt_fd, &batch->exit_status);
    batch->ending = false;
    if (batch->client) {
        batch->exit_status = EXIT_DONE;
        tm_client_free(lost);
        return;
    }
    batch->client = lost;
    each_ends_stop(batch, "not submitted: the connection is over", NULL, REST_MAX_MS);
}

/* The jobs of lines in flight may have run: nobody knows, and they are not submitted again. */
static void leave_lost(struct batch *batch)
{
    complain("the connection is lost; connecting again");
    each_records_end_all(&batch->records, NULL, "lost: the connection is over");
    reconnect(batch);
}

/* The server refuses what has not begun, and the rest has ended. */
static void leave_ending(struct batch *batch)
{
    if (!batch->ending || batch->stopped || batch->records.figures.running > 0)
        return;
    progress_hide(&batch->results.progress);
    reconnect(batch);
}

static void lose_connection(struct batch *batch, tm_client_status status)
{
    progress_hide(&batch->results.progress);
    if (status == TM_CLIENT_CLOSED && (batch->settings->reconnect_ms || batch->ending) &&
        !batch->stopped) {
        leave_lost(batch);
        return;
    }
    batch->exit_status = report_call(batch->settings, batch->client, status);
    if (status == TM_CLIENT_INVALID) /* the fault is in the arguments, not in a line */
        each_ends_stop(batch, "not submitted", NULL, 0);
    else
        each_ends_stop(batch, "not submitted: the connection is over",
                       "lost: the connection is over", REST_MAX_MS);
}

/* Ends the lines left as they are read. */
static void take_rest(struct batch *batch)
{
    struct line_text line;
    while (batch->stopped && may_read(batch) && next_line(batch, &line))
        each_records_end(&batch->records, each_records_add(&batch->records, &line), NULL,
                         batch->stopped);
}

/* Submits with the timeout 0: tm_client_process() sends the bytes not taken by the socket. */
static void submit_ready(struct batch *batch)
{
    struct each_record *record;
    each_pace_grow(&batch->pace);
    while ((record = next_ready(batch))) {
        tm_client_status status = submission_send(&batch->submission, batch->client, record->text,
                                                  record->len, record, 0, &record->id);
        if (status == TM_CLIENT_TIMEOUT)
            return;
        if (status != TM_CLIENT_OK) {
            lose_connection(batch, status);
            return;
        }
        each_records_start(&batch->records, record);
        record->started_us = each_log_now_us();
        each_pace_submitted(&batch->pace, batch->records.figures.running);
    }
}

/* ---- events ---- */

/* The server ends and has not begun the job, and there is a next server. Looks once for it. */
static bool is_for_next(struct batch *batch, const tm_client_event *event)
{
    if (!report_was_refused_at_end(event))
        return false;
    if (!batch->ending && !batch->hopeless) {
        batch->ending = batch->settings->reconnect_ms || connect_has_next(batch->settings);
        batch->hopeless = !batch->ending;
    }
    return batch->ending;
}

static bool is_refused(struct batch *batch, const tm_client_event *event)
{
    return event->type == TM_CLIENT_EVENT_OVERLOAD || is_for_next(batch, event);
}

/* Takes the event. */
static void take_event(struct batch *batch, tm_client_event *event)
{
    struct each_record *record = event->user;
    if (!record || !tm_client_event_is_final(event)) {
        tm_client_event_free(event);
        return;
    }
    if (batch->stopped || !is_refused(batch, event)) {
        each_records_end(&batch->records, record, event, NULL);
        record->ended_us = each_log_now_us();
        return;
    }
    each_records_retry(&batch->records, record);
    if (event->type == TM_CLIENT_EVENT_OVERLOAD)
        each_pace_overload(&batch->pace,
                           event->retry_after_ms > 0 ? event->retry_after_ms : OVERLOAD_PAUSE_MS);
    tm_client_event_free(event);
}

static void take_events(struct batch *batch)
{
    tm_client_event *event;
    tm_client_status status = TM_CLIENT_OK;
    batch->has_more = false;
    if (batch->exit_status)
        return;
    for (unsigned count = 0; status == TM_CLIENT_OK && count < EVENTS_TURN; count++) {
        status = tm_client_next(batch->client, 0, &event);
        if (status == TM_CLIENT_OK)
            take_event(batch, event);
    }
    batch->has_more = status == TM_CLIENT_OK;
    if (!batch->has_more && status != TM_CLIENT_TIMEOUT && status != TM_CLIENT_NOTHING)
        lose_connection(batch, status);
}

/* ---- the loop ---- */

/* Lines in flight go on. */
static void input_failed(struct batch *batch)
{
    batch->input_failed = true;
    each_ends_stop(batch, "not submitted: standard input cannot be read", NULL, 0);
}

static int wait_ms(const struct batch *batch)
{
    int left_ms = batch->has_more ? 0 : settings_time_left_ms(batch->settings, -1);
    left_ms = tmc_deadline_earlier_ms(left_ms, each_pace_wait_ms(&batch->pace));
    if (each_batch_reads_rest(batch))
        left_ms = tmc_deadline_earlier_ms(left_ms, tmc_deadline_left_ms(batch->rest_end));
    return tmc_deadline_earlier_ms(left_ms, progress_wait_ms(&batch->results.progress));
}

enum poll_index { INPUT, OUTPUT, SERVER, INTERRUPT, POLL_COUNT };

/* Waits until something can be done. Returns 0, or -1 after a complaint. */
static int wait_for_input_or_output(const struct batch *batch, struct pollfd poll_fds[POLL_COUNT])
{
    bool reads = !batch->input.eof && may_read(batch);
    bool writes = sink_pending(&batch->results.sink) > 0;
    poll_fds[INPUT] = (struct pollfd){.fd = reads ? batch->input.fd : -1, .events = POLLIN};
    poll_fds[OUTPUT] =
        (struct pollfd){.fd = writes ? batch->results.sink.fd : -1, .events = POLLOUT};
    poll_fds[SERVER] = (struct pollfd){.fd = batch->exit_status ? -1 : tm_client_fd(batch->client),
                                       .events = tm_client_poll_events(batch->client)};
    poll_fds[INTERRUPT] =
        (struct pollfd){.fd = batch->interrupted ? -1 : batch->interrupt_fd, .events = POLLIN};
    if (poll(poll_fds, POLL_COUNT, wait_ms(batch)) >= 0 || errno == EINTR)
        return 0;
    complain("poll: %s", strerror(errno));
    return -1;
}

/* Waits, then reads and writes. Returns 0, or -1 after a complaint. */
static int turn(struct batch *batch)
{
    struct pollfd poll_fds[POLL_COUNT];
    if (wait_for_input_or_output(batch, poll_fds) < 0)
        return -1;
    if (poll_fds[INTERRUPT].revents && interrupt_take(batch->interrupt_fd))
        each_ends_interrupt(batch);
    if (poll_fds[INPUT].revents && lines_fill(&batch->input) < 0)
        input_failed(batch);
    if (poll_fds[SERVER].revents) /* tm_client_next() will report the connection's state */
        (void)tm_client_process(batch->client);
    return poll_fds[OUTPUT].revents ? each_results_write(&batch->results) : 0;
}

static int exit_status_of(const struct batch *batch)
{
    if (batch->exit_status)
        return batch->exit_status;
    if (batch->input_failed || batch->log->failed)
        return EXIT_JOB_FAILED;
    return batch->records.figures.failed > 0 || batch->stopped ? EXIT_SOME_FAILED : EXIT_DONE;
}

static int run_batch(struct batch *batch)
{
    for (;;) {
        take_events(batch);
        leave_ending(batch);
        do { /* poll(2) does not report lines in the buffer */
            submit_ready(batch);
            take_rest(batch);
        } while (each_ends_print(batch));
        if (each_ends_finished(batch))
            return exit_status_of(batch);
        if (tmc_deadline_passed(batch->settings->deadline))
            return each_ends_time_out(batch);
        progress_draw(&batch->results.progress, &batch->records.figures);
        if (turn(batch) < 0)
            return each_ends_lose_output(batch);
    }
}

static void batch_open(struct batch *batch, const struct settings *settings, tm_client *client)
{
    size_t jobs = settings->jobs ? settings->jobs : JOBS_DEFAULT;
    size_t payload_max = tm_client_payload_max(client);
    tm_client_submit_options options = settings_submit_options(settings);
    *batch = (struct batch){
        .settings = settings,
        .client = client,
        .interrupt_fd = interrupt_open(),
    };
    snprintf(batch->too_large, sizeof batch->too_large, PAYLOAD_TOO_LARGE, payload_max);
    submission_open(&batch->submission, settings, &options);
    lines_open(&batch->input, STDIN_FILENO, payload_max, settings->null ? '\0' : '\n');
    each_records_open(&batch->records, jobs * WINDOW_FACTOR);
    each_pace_open(&batch->pace, jobs);
    each_results_open(&batch->results, settings);
}

static void batch_close(struct batch *batch)
{
    submission_close(&batch->submission);
    each_records_close(&batch->records);
    each_results_close(&batch->results);
    lines_close(&batch->input);
    interrupt_close(batch->interrupt_fd);
}

static int run_with(const struct settings *settings, tm_client *client, struct each_log *log)
{
    struct batch batch;
    batch_open(&batch, settings, client);
    batch.log = log;
    int exit_status = run_batch(&batch);
    each_log_write(log, batch.results.sink.written);
    batch_close(&batch);
    tm_client_free(batch.client);
    return exit_status;
}

int each_run(const struct settings *settings)
{
    int exit_status = EXIT_JOB_FAILED;
    struct each_log log;
    if (each_log_open(&log, settings) < 0)
        return EXIT_BAD_USAGE;
    tm_client *client = connect_to_submit(settings, &exit_status);
    if (client)
        exit_status = run_with(settings, client, &log);
    each_log_close(&log);
    return exit_status;
}
