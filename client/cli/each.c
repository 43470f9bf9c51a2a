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
#include "each_pace.h"
#include "each_records.h"
#include "each_results.h"
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
    WINDOW_FACTOR = 4,  /* records for each job in flight */
    REST_MAX_MS = 1000, /* for naming the lines left after the end of the connection */
    EVENTS_TURN = 64,   /* events taken in a turn: a server may send without end */
};

struct batch {
    const struct settings *settings;
    tm_client *client;
    tm_client_submit_options options;
    struct lines input;
    struct each_records records;
    struct each_pace pace;
    struct each_results results;
    int interrupt_fd;
    char too_large[128]; /* the fault of a line over payload_max */

    /* Interrupted, or without a connection: nothing more is submitted. The text is the fault of the
     * lines left; static. NULL: not stopped. */
    const char *stopped;
    int64_t rest_end; /* stopped: until then the rest of the input is read, to name its lines */
    bool rest_told;   /* stopped: the message about the lines behind is out */
    bool interrupted;
    bool input_failed;
    bool has_more;   /* more events may be queued */
    int exit_status; /* the reason for the end of the whole batch; 0: none */
};

/* Submits nothing more. Ends waiting lines with `why`. Ends lines in flight with `lost`; NULL: they
 * go on. The first `why` holds for all lines read later. */
static void stop(struct batch *batch, const char *why, const char *lost, int rest_ms)
{
    if (!batch->stopped) {
        batch->stopped = why;
        batch->rest_end = tmc_deadline_in(rest_ms);
    }
    each_records_end_all(&batch->records, why, lost);
}

/* ---- reading and submitting ---- */

static bool may_submit(const struct batch *batch)
{
    return !batch->stopped && each_pace_allows(&batch->pace, batch->records.figures.running);
}

/* True while the rest of the input is read to name its lines. */
static bool reads_rest(const struct batch *batch)
{
    return batch->stopped && !tmc_deadline_passed(batch->rest_end) && !lines_over(&batch->input);
}

static bool may_read(const struct batch *batch)
{
    return each_records_has_room(&batch->records) &&
           (reads_rest(batch) || (may_submit(batch) && !each_records_ready(&batch->records)));
}

/* Returns the next record to submit, or NULL. A line over payload_max ends at once. */
static struct each_record *next_ready(struct batch *batch)
{
    struct line_text line;
    if (!may_submit(batch))
        return NULL;
    while (may_read(batch) && lines_next(&batch->input, &line)) {
        struct each_record *record = each_records_add(&batch->records, &line);
        if (line.too_long)
            each_records_end(&batch->records, record, NULL, batch->too_large);
    }
    return each_records_ready(&batch->records);
}

static void lose_connection(struct batch *batch, tm_client_status status)
{
    progress_hide(&batch->results.progress);
    batch->exit_status = report_call(batch->settings, batch->client, status);
    if (status == TM_CLIENT_INVALID) /* the fault is in the arguments, not in a line */
        stop(batch, "not submitted", NULL, 0);
    else
        stop(batch, "not submitted: the connection is over", "lost: the connection is over",
             REST_MAX_MS);
}

/* Ends the lines left as they are read. */
static void take_rest(struct batch *batch)
{
    struct line_text line;
    while (batch->stopped && may_read(batch) && lines_next(&batch->input, &line))
        each_records_end(&batch->records, each_records_add(&batch->records, &line), NULL,
                         batch->stopped);
}

/* Submits with the timeout 0: tm_client_process() sends the bytes not taken by the socket. */
static void submit_ready(struct batch *batch)
{
    struct each_record *record;
    each_pace_grow(&batch->pace);
    while ((record = next_ready(batch))) {
        batch->options.user = record;
        tm_client_status status =
            tm_client_submit(batch->client, batch->settings->args[0], record->text, record->len,
                             &batch->options, 0, &record->id);
        if (status == TM_CLIENT_TIMEOUT)
            return;
        if (status != TM_CLIENT_OK) {
            lose_connection(batch, status);
            return;
        }
        each_records_start(&batch->records, record);
        each_pace_submitted(&batch->pace, batch->records.figures.running);
    }
}

/* ---- events ---- */

/* Takes the event. */
static void take_event(struct batch *batch, tm_client_event *event)
{
    struct each_record *record = event->user;
    if (!record || !tm_client_event_is_final(event)) {
        tm_client_event_free(event);
        return;
    }
    if (event->type != TM_CLIENT_EVENT_OVERLOAD || batch->stopped) {
        each_records_end(&batch->records, record, event, NULL);
        return;
    }
    each_records_retry(&batch->records, record);
    each_pace_overload(&batch->pace, event->retry_after_ms);
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

/* ---- printing ---- */

/* Prints ended records while there is room. Returns true if any was printed. */
static bool print_ended(struct batch *batch)
{
    struct each_record *record;
    bool any = false;
    while (each_results_has_room(&batch->results) &&
           (record = each_records_printable(&batch->records, batch->settings->unordered))) {
        each_results_print(&batch->results, record);
        each_records_remove(&batch->records, record);
        any = true;
    }
    return any;
}

/* True if lines are left, as far as this can be told without waiting. */
static bool has_rest(struct batch *batch)
{
    struct pollfd poll_fd = {.fd = batch->input.fd, .events = POLLIN};
    if (!lines_waiting(&batch->input) && !batch->input.eof && poll(&poll_fd, 1, 0) > 0)
        (void)lines_fill(&batch->input); /* has complained about a fault */
    return lines_waiting(&batch->input);
}

/* Prints one message for all lines left. */
static void print_rest(struct batch *batch)
{
    char message[128];
    const struct each_record rest = {.number = batch->records.line_count + 1, .fault = message};
    snprintf(message, sizeof message, "%s; the same for all lines behind it", batch->stopped);
    each_results_print(&batch->results, &rest);
}

/* ---- ends ---- */

/* A refused cancel is as good: the job has just ended. After a TIMEOUT the request is on its way.
 * Returns false if no other job can be cancelled either. */
static bool cancel(struct batch *batch, const struct each_record *record, int64_t deadline)
{
    tm_client_status status =
        tm_client_cancel_id(batch->client, record->id, tmc_deadline_left_ms(deadline), NULL);
    return status == TM_CLIENT_OK || status == TM_CLIENT_REFUSED || status == TM_CLIENT_TIMEOUT;
}

static void interrupted(struct batch *batch)
{
    struct each_record *record;
    int64_t deadline = tmc_deadline_in(settings_time_left_ms(batch->settings, ANSWER_MAX_MS));
    each_results_complain(
        &batch->results,
        "interrupted: cancelling the running jobs; interrupt again to leave at once");
    batch->interrupted = true;
    stop(batch, "not submitted: interrupted", NULL, 0);
    TAILQ_FOREACH (record, &batch->records.all, in_order)
        if (record->state == EACH_IN_FLIGHT && !cancel(batch, record, deadline))
            break; /* tm_client_next() will report the connection's state */
}

/* Lines in flight go on. */
static void input_failed(struct batch *batch)
{
    batch->input_failed = true;
    stop(batch, "not submitted: standard input cannot be read", NULL, 0);
}

/* True once everything about the lines read is written. */
static bool finished(struct batch *batch)
{
    bool over = lines_over(&batch->input) || (batch->stopped && !reads_rest(batch));
    if (!over || batch->records.held > 0)
        return false;
    if (batch->stopped && !batch->rest_told && has_rest(batch))
        print_rest(batch);
    batch->rest_told = true;
    return sink_pending(&batch->results.sink) == 0;
}

/* Names the results left unwritten. */
static void name_unwritten(struct batch *batch)
{
    struct each_record *record;
    if (sink_pending(&batch->results.sink) > 0)
        complain("%zu bytes of earlier results are not written",
                 sink_pending(&batch->results.sink));
    TAILQ_FOREACH (record, &batch->records.all, in_order)
        each_results_complain_unwritten(&batch->results, record);
}

/* Ends the batch at --timeout. Writes results as far as standard output takes them at once. */
static int run_out_of_time(struct batch *batch)
{
    struct pollfd poll_fd = {.fd = batch->results.sink.fd, .events = POLLOUT};
    int written = 0;
    each_results_complain(&batch->results,
                          batch->settings->unlinked
                              ? "the batch did not end in time; jobs in flight are not cancelled"
                              : "the batch did not end in time; jobs in flight are cancelled");
    stop(batch, "not submitted in time", "no result in time", 0);
    batch->rest_end = tmc_deadline_in(0);
    do
        (void)print_ended(batch);
    while (!finished(batch) && poll(&poll_fd, 1, 0) > 0 &&
           (written = sink_write(&batch->results.sink)) == 0);
    name_unwritten(batch);
    return written < 0 ? EXIT_JOB_FAILED : EXIT_TIMED_OUT;
}

/* Ends the batch when standard output fails: its reader is gone, or there is no room. Naming each
 * line would be of no use. */
static int lose_output(struct batch *batch)
{
    const struct each_record *first = TAILQ_FIRST(&batch->records.all);
    complain("results are missing: of line %" PRIu64
             " and of others behind it, and maybe of some before",
             first ? first->number : batch->records.line_count + 1);
    return EXIT_JOB_FAILED;
}

/* ---- the loop ---- */

static int wait_ms(const struct batch *batch)
{
    int left_ms = batch->has_more ? 0 : settings_time_left_ms(batch->settings, -1);
    left_ms = tmc_deadline_earlier_ms(left_ms, each_pace_wait_ms(&batch->pace));
    if (reads_rest(batch))
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
        interrupted(batch);
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
    if (batch->input_failed)
        return EXIT_JOB_FAILED;
    return batch->records.figures.failed > 0 || batch->stopped ? EXIT_SOME_FAILED : EXIT_DONE;
}

static int run_batch(struct batch *batch)
{
    for (;;) {
        take_events(batch);
        do { /* poll(2) does not report lines in the buffer */
            submit_ready(batch);
            take_rest(batch);
        } while (print_ended(batch));
        if (finished(batch))
            return exit_status_of(batch);
        if (tmc_deadline_passed(batch->settings->deadline))
            return run_out_of_time(batch);
        progress_draw(&batch->results.progress, &batch->records.figures);
        if (turn(batch) < 0)
            return lose_output(batch);
    }
}

static void batch_open(struct batch *batch, const struct settings *settings, tm_client *client)
{
    size_t jobs = settings->jobs ? settings->jobs : JOBS_DEFAULT;
    size_t payload_max = tm_client_payload_max(client);
    *batch = (struct batch){
        .settings = settings,
        .client = client,
        .options = settings_submit_options(settings),
        .interrupt_fd = interrupt_open(),
    };
    snprintf(batch->too_large, sizeof batch->too_large, PAYLOAD_TOO_LARGE, payload_max);
    lines_open(&batch->input, STDIN_FILENO, payload_max);
    each_records_open(&batch->records, jobs * WINDOW_FACTOR);
    each_pace_open(&batch->pace, jobs);
    each_results_open(&batch->results, settings);
}

static void batch_close(struct batch *batch)
{
    each_records_close(&batch->records);
    each_results_close(&batch->results);
    lines_close(&batch->input);
    interrupt_close(batch->interrupt_fd);
}

int each_run(const struct settings *settings)
{
    int exit_status;
    struct batch batch;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return exit_status;
    batch_open(&batch, settings, client);
    exit_status = run_batch(&batch);
    batch_close(&batch);
    tm_client_free(client);
    return exit_status;
}
