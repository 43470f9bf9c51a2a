/*
 * each: one job for each line of standard input.
 *
 * One poll loop over standard input, the server, standard output and interrupts, in which nothing
 * waits for anything else: a slow reader of our output does not keep us from reading the server,
 * nor a pause after an overload from printing results. A line's record goes this way:
 *
 *     read -> READY -> IN_FLIGHT -> ENDED -> printed, freed
 *               ^          |
 *               +----------+  overload
 *
 * Memory is bounded: a line is read only when it could be submitted at once, at most `window`
 * records are held (in order, an early line that takes long holds back the results behind it), and
 * none is added while they hold HELD_BYTES_MAX.
 *
 * Every line that has no result is named, in order, with why, however the batch ends. Where the
 * connection is over, the rest of the input is read to tell which lines were not submitted; but
 * input may go on for ever, so that has REST_MAX_MS, and the lines behind it are told of in one.
 */
#include "each.h"
#include "allocate.h"
#include "complain.h"
#include "connect.h"
#include "exit_status.h"
#include "interrupt.h"
#include "lines.h"
#include "progress.h"
#include "report.h"
#include "report_json.h"
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum {
    JOBS_DEFAULT = 16,
    WINDOW_FACTOR = 4, /* records held for each job in flight */
    HELD_BYTES_MAX = 64 * 1024 * 1024,
    OUTPUT_MAX = 64 * 1024, /* more than this waits to be written: results wait in their records */
    /* The bounds of a pause, whatever the server advises. The places that our own jobs leave are
     * taken without one. */
    PAUSE_MIN_MS = 20,
    PAUSE_MAX_MS = 10000,
    REST_MAX_MS = 1000, /* for the lines that are left when the connection is over */
    EVENTS_TURN = 64,   /* taken before anything else is looked at: a server may send without end */
};

enum record_state {
    READ,
    READY,
    IN_FLIGHT,
    ENDED,
};

struct record {
    uint64_t number; /* of the line, from 1 */
    enum record_state state;
    char *text; /* owned; kept to the end for another try */
    size_t len;
    uint64_t id;                  /* IN_FLIGHT: the request's */
    tm_client_event *event;       /* ENDED: owned; NULL: the server said nothing, and */
    const char *fault;            /* this is what happened; static or the batch's */
    TAILQ_ENTRY(record) in_order; /* in batch.records */
    TAILQ_ENTRY(record) in_state; /* READY: in batch.ready; ENDED: in batch.ended */
};

TAILQ_HEAD(record_list, record);

struct batch {
    const struct settings *settings;
    tm_client *client;
    tm_client_submit_options options;
    struct lines input;
    struct sink output;
    struct progress progress;
    struct progress_figures figures; /* running: the records IN_FLIGHT */
    int interrupt_fd;

    struct record_list records; /* all that are held, by number */
    struct record_list ready;   /* by number: an overloaded one goes before new ones */
    struct record_list ended;   /* as they ended */
    size_t held, window;
    size_t held_bytes;
    uint64_t line_count;
    char too_large[128]; /* the fault of a line that is */

    /* How many jobs may be in flight. After an overload that is what the server had room for; it
     * grows again, by an eighth each time that the advised pause has passed without another. */
    size_t limit, limit_max;
    size_t submitted; /* in flight when the last submit went out */
    int64_t grow_at;
    int pause_ms;

    /* Nothing more is submitted: interrupted, or the connection is over. The fault of the lines
     * that were not; static. NULL: not stopped. */
    const char *stopped;
    int64_t rest_end; /* stopped: until then the rest of the input is read, to name its lines */
    bool rest_told;   /* stopped: the lines behind that are told of */
    bool interrupted;
    bool input_failed;
    bool has_more;   /* more events may have come than were taken */
    int exit_status; /* once not 0, why the batch as a whole is over */
};

/* ---- records ---- */

/* The one way from state to state; it keeps the lists and the count. */
static void set_state(struct batch *batch, struct record *record, enum record_state state)
{
    if (record->state == READY)
        TAILQ_REMOVE(&batch->ready, record, in_state);
    if (record->state == IN_FLIGHT)
        batch->figures.running--;
    record->state = state;
    if (state == IN_FLIGHT)
        batch->figures.running++;
    if (state == ENDED)
        TAILQ_INSERT_TAIL(&batch->ended, record, in_state);
    if (state != READY)
        return;
    struct record *before;
    TAILQ_FOREACH_REVERSE(before, &batch->ready, record_list, in_state)
    if (before->number < record->number)
        break;
    if (before)
        TAILQ_INSERT_AFTER(&batch->ready, before, record, in_state);
    else
        TAILQ_INSERT_HEAD(&batch->ready, record, in_state);
}

static struct record *record_new(struct batch *batch, const struct line_text *line)
{
    struct record *record = allocate(NULL, sizeof *record);
    *record = (struct record){
        .number = ++batch->line_count,
        .text = allocate(NULL, line->len + 1),
        .len = line->len,
    };
    memcpy(record->text, line->text, line->len);
    TAILQ_INSERT_TAIL(&batch->records, record, in_order);
    set_state(batch, record, READY);
    batch->held++;
    batch->held_bytes += record->len;
    return record;
}

static size_t result_size(const struct record *record)
{
    return record->event ? record->event->size : 0;
}

/* Of a record that has ended. */
static void record_free(struct batch *batch, struct record *record)
{
    TAILQ_REMOVE(&batch->records, record, in_order);
    TAILQ_REMOVE(&batch->ended, record, in_state);
    batch->held--;
    batch->held_bytes -= record->len + result_size(record);
    batch->figures.bytes += record->len + 1;
    tm_client_event_free(record->event);
    free(record->text);
    free(record);
}

static void record_end(struct batch *batch, struct record *record, tm_client_event *event,
                       const char *fault)
{
    record->event = event;
    record->fault = fault;
    batch->held_bytes += result_size(record);
    if (event && event->type == TM_CLIENT_EVENT_DONE)
        batch->figures.done++;
    else
        batch->figures.failed++;
    set_state(batch, record, ENDED);
}

/* Nothing more is submitted. What was not is at its end for the first reason that there was, `why`,
 * and so is what is in flight if `lost` says why nothing more will be heard of it. */
static void stop(struct batch *batch, const char *why, const char *lost, int rest_ms)
{
    struct record *record;
    if (!batch->stopped) {
        batch->stopped = why;
        batch->rest_end = tmc_deadline_in(rest_ms);
    }
    TAILQ_FOREACH (record, &batch->records, in_order) {
        if (record->state == READY)
            record_end(batch, record, NULL, why);
        else if (record->state == IN_FLIGHT && lost)
            record_end(batch, record, NULL, lost);
    }
}

/* ---- submitting ---- */

static void grow_limit(struct batch *batch)
{
    if (batch->limit == batch->limit_max || !tmc_deadline_passed(batch->grow_at))
        return;
    batch->limit += batch->limit / 8 + 1;
    if (batch->limit > batch->limit_max)
        batch->limit = batch->limit_max;
    batch->grow_at = tmc_deadline_in(batch->pause_ms);
}

/* The one that was refused had no room, the others had. Those that ended since the last submit have
 * left their places. */
static void shrink_limit(struct batch *batch, const tm_client_event *overload)
{
    int64_t pause_ms = overload->retry_after_ms;
    if (pause_ms < PAUSE_MIN_MS)
        pause_ms = PAUSE_MIN_MS;
    if (pause_ms > PAUSE_MAX_MS)
        pause_ms = PAUSE_MAX_MS;
    if (batch->limit > batch->submitted)
        batch->limit = batch->submitted;
    if (batch->limit > 0)
        batch->limit--;
    batch->pause_ms = (int)pause_ms;
    batch->grow_at = tmc_deadline_in(batch->pause_ms);
}

static bool may_submit(const struct batch *batch)
{
    return !batch->stopped && batch->figures.running < batch->limit;
}

static bool may_hold(const struct batch *batch)
{
    return batch->held < batch->window && batch->held_bytes < HELD_BYTES_MAX;
}

/* Only the names of its lines are wanted of the rest. */
static bool reads_rest(const struct batch *batch)
{
    return batch->stopped && !tmc_deadline_passed(batch->rest_end) && !lines_over(&batch->input);
}

static bool may_read(const struct batch *batch)
{
    return may_hold(batch) &&
           (reads_rest(batch) || (may_submit(batch) && TAILQ_EMPTY(&batch->ready)));
}

/* The next record to submit, or NULL. A line that is too long ends at once. */
static struct record *next_ready(struct batch *batch)
{
    struct line_text line;
    if (!may_submit(batch))
        return NULL;
    while (TAILQ_EMPTY(&batch->ready) && may_read(batch) && lines_next(&batch->input, &line)) {
        struct record *record = record_new(batch, &line);
        if (line.too_long)
            record_end(batch, record, NULL, batch->too_large);
    }
    return TAILQ_FIRST(&batch->ready);
}

static void lose_connection(struct batch *batch, tm_client_status status)
{
    progress_hide(&batch->progress);
    batch->exit_status = report_call(batch->settings, batch->client, status);
    if (status == TM_CLIENT_INVALID) /* what is wrong stands in the arguments, not in a line */
        stop(batch, "not submitted", NULL, 0);
    else
        stop(batch, "not submitted: the connection is over", "lost: the connection is over",
             REST_MAX_MS);
}

/* Ends the lines that nobody will submit as they are read. */
static void take_rest(struct batch *batch)
{
    struct line_text line;
    while (batch->stopped && may_read(batch) && lines_next(&batch->input, &line))
        record_end(batch, record_new(batch, &line), NULL, batch->stopped);
}

/* 0 timeout: what the socket does not take goes out with tm_client_process(). */
static void submit_ready(struct batch *batch)
{
    struct record *record;
    grow_limit(batch);
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
        set_state(batch, record, IN_FLIGHT);
        batch->submitted = batch->figures.running;
    }
}

/* ---- events ---- */

/* Takes the event. */
static void take_event(struct batch *batch, tm_client_event *event)
{
    struct record *record = event->user;
    if (!record || !tm_client_event_is_final(event)) {
        tm_client_event_free(event);
        return;
    }
    if (event->type != TM_CLIENT_EVENT_OVERLOAD || batch->stopped) {
        record_end(batch, record, event, NULL);
        return;
    }
    set_state(batch, record, READY);
    shrink_limit(batch, event);
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

static void print_json(struct batch *batch, const struct record *record)
{
    size_t len;
    char *line = record->event ? report_json_event(record->event, record->number, &len)
                               : report_json_fault("lost", record->fault, record->number, &len);
    sink_add(&batch->output, line, len);
    free(line);
}

/* NULL: there is none. */
static const tm_client_event *result_of(const struct record *record)
{
    return record->event && record->event->type == TM_CLIENT_EVENT_DONE ? record->event : NULL;
}

static void complain_of(struct batch *batch, const struct record *record)
{
    progress_hide(&batch->progress);
    if (record->event)
        report_failure(record->event, record->number);
    else
        complain("line %" PRIu64 ": %s", record->number, record->fault);
}

static void print_record(struct batch *batch, const struct record *record)
{
    const tm_client_event *result = result_of(record);
    if (batch->settings->json) {
        print_json(batch, record);
    } else if (result) {
        sink_add(&batch->output, result->data, result->size);
        sink_add(&batch->output, "\n", 1);
    } else {
        complain_of(batch, record);
    }
}

/* Whether there is a line that was not taken, as far as this can be told without waiting. */
static bool has_rest(struct batch *batch)
{
    struct pollfd poll_fd = {.fd = batch->input.fd, .events = POLLIN};
    if (!lines_waiting(&batch->input) && !batch->input.eof && poll(&poll_fd, 1, 0) > 0)
        (void)lines_fill(&batch->input); /* which has complained */
    return lines_waiting(&batch->input);
}

/* The lines behind the last one that was taken. */
static void print_rest(struct batch *batch)
{
    char message[128];
    const struct record rest = {.number = batch->line_count + 1, .fault = message};
    snprintf(message, sizeof message, "%s, nor is any line behind it", batch->stopped);
    print_record(batch, &rest);
}

static struct record *next_printable(const struct batch *batch)
{
    struct record *first = TAILQ_FIRST(&batch->records);
    if (batch->settings->unordered)
        return TAILQ_FIRST(&batch->ended);
    return first && first->state == ENDED ? first : NULL;
}

/* Whether it made room for other records. */
static bool print_ended(struct batch *batch)
{
    struct record *record;
    bool any = false;
    while (sink_pending(&batch->output) < OUTPUT_MAX && (record = next_printable(batch))) {
        print_record(batch, record);
        record_free(batch, record);
        any = true;
    }
    return any;
}

/* ---- the loop ---- */

/* One that has just ended is refused, which is as good; where the time is up, the request is on its
 * way. False if no other can be cancelled either. */
static bool cancel(struct batch *batch, const struct record *record, int64_t deadline)
{
    tm_client_status status =
        tm_client_cancel_id(batch->client, record->id, tmc_deadline_left_ms(deadline), NULL);
    return status == TM_CLIENT_OK || status == TM_CLIENT_REFUSED || status == TM_CLIENT_TIMEOUT;
}

static void interrupted(struct batch *batch)
{
    struct record *record;
    int64_t deadline = tmc_deadline_in(settings_time_left_ms(batch->settings, ANSWER_MAX_MS));
    progress_hide(&batch->progress);
    complain("interrupted: what runs is being cancelled; once more leaves at once");
    batch->interrupted = true;
    stop(batch, "not submitted: interrupted", NULL, 0);
    TAILQ_FOREACH (record, &batch->records, in_order)
        if (record->state == IN_FLIGHT && !cancel(batch, record, deadline))
            break; /* how it is with the connection, tm_client_next() will say */
}

static int wait_ms(const struct batch *batch)
{
    int left_ms = batch->has_more ? 0 : settings_time_left_ms(batch->settings, -1);
    if (batch->limit < batch->limit_max)
        left_ms = tmc_deadline_earlier_ms(left_ms, tmc_deadline_left_ms(batch->grow_at));
    if (reads_rest(batch))
        left_ms = tmc_deadline_earlier_ms(left_ms, tmc_deadline_left_ms(batch->rest_end));
    return tmc_deadline_earlier_ms(left_ms, progress_wait_ms(&batch->progress));
}

/* What is in flight goes on. */
static void input_failed(struct batch *batch)
{
    batch->input_failed = true;
    stop(batch, "not submitted: standard input cannot be read", NULL, 0);
}

/* Waits until something can be done. 0, or -1 after a complaint. */
static int turn(struct batch *batch)
{
    enum { INPUT, OUTPUT, SERVER, INTERRUPT, POLL_COUNT };
    bool reads = !batch->input.eof && may_read(batch);
    bool writes = sink_pending(&batch->output) > 0;
    struct pollfd poll_fds[POLL_COUNT] = {
        [INPUT] = {.fd = reads ? batch->input.fd : -1, .events = POLLIN},
        [OUTPUT] = {.fd = writes ? batch->output.fd : -1, .events = POLLOUT},
        [SERVER] = {.fd = batch->exit_status ? -1 : tm_client_fd(batch->client),
                    .events = tm_client_poll_events(batch->client)},
        [INTERRUPT] = {.fd = batch->interrupted ? -1 : batch->interrupt_fd, .events = POLLIN},
    };
    if (poll(poll_fds, POLL_COUNT, wait_ms(batch)) < 0 && errno != EINTR) {
        complain("poll: %s", strerror(errno));
        return -1;
    }
    if (poll_fds[INTERRUPT].revents && interrupt_take(batch->interrupt_fd))
        interrupted(batch);
    if (poll_fds[INPUT].revents && lines_fill(&batch->input) < 0)
        input_failed(batch);
    if (poll_fds[SERVER].revents) /* how it is with the connection, tm_client_next() will say */
        (void)tm_client_process(batch->client);
    if (!poll_fds[OUTPUT].revents)
        return 0;
    if (batch->progress.over_output)
        progress_hide(&batch->progress);
    return sink_write(&batch->output);
}

/* Once all is told of the lines that were taken. */
static bool finished(struct batch *batch)
{
    bool over = lines_over(&batch->input) || (batch->stopped && !reads_rest(batch));
    if (!over || !TAILQ_EMPTY(&batch->records))
        return false;
    if (batch->stopped && !batch->rest_told && has_rest(batch))
        print_rest(batch);
    batch->rest_told = true;
    return sink_pending(&batch->output) == 0;
}

/* Names what would go to standard output, which takes nothing more. */
static void name_unwritten(struct batch *batch)
{
    struct record *record;
    if (sink_pending(&batch->output) > 0)
        complain("the last %zu bytes of the results before are not written",
                 sink_pending(&batch->output));
    while ((record = TAILQ_FIRST(&batch->records))) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): blind to TAILQ's links */
        if (result_of(record))
            complain("line %" PRIu64 ": its result is not written", record->number);
        else
            complain_of(batch, record);
        record_free(batch, record); /* NOLINT(clang-analyzer-unix.Malloc): blind to TAILQ's links */
    }
}

/* Once --timeout has passed: the results that are there are written as far as standard output takes
 * them at once. */
static int run_out_of_time(struct batch *batch)
{
    struct pollfd poll_fd = {.fd = batch->output.fd, .events = POLLOUT};
    int written = 0;
    progress_hide(&batch->progress);
    complain("the batch did not end in time; what is in flight %s",
             batch->settings->unlinked ? "is not cancelled" : "is cancelled");
    stop(batch, "not submitted in time", "no result in time", 0);
    batch->rest_end = tmc_deadline_in(0);
    do
        (void)print_ended(batch);
    while (!finished(batch) && poll(&poll_fd, 1, 0) > 0 &&
           (written = sink_write(&batch->output)) == 0);
    name_unwritten(batch);
    return written < 0 ? EXIT_JOB_FAILED : EXIT_TIMED_OUT;
}

/* Whoever reads the results wants no more of them, or there is no room: that is no news of each
 * line. */
static int lose_output(struct batch *batch)
{
    const struct record *first = TAILQ_FIRST(&batch->records);
    complain("not all results are written: those of line %" PRIu64
             " and others behind it are missing, and some before may be",
             first ? first->number : batch->line_count + 1);
    return EXIT_JOB_FAILED;
}

static int run_batch(struct batch *batch)
{
    for (;;) {
        take_events(batch);
        do { /* the input may hold lines already, of which poll(2) would say nothing */
            submit_ready(batch);
            take_rest(batch);
        } while (print_ended(batch));
        if (finished(batch))
            break;
        if (tmc_deadline_passed(batch->settings->deadline))
            return run_out_of_time(batch);
        progress_draw(&batch->progress, &batch->figures);
        if (turn(batch) < 0)
            return lose_output(batch);
    }
    if (batch->exit_status)
        return batch->exit_status;
    if (batch->input_failed)
        return EXIT_JOB_FAILED;
    return batch->figures.failed > 0 || batch->stopped ? EXIT_SOME_FAILED : EXIT_DONE;
}

static void batch_open(struct batch *batch, const struct settings *settings, tm_client *client)
{
    size_t jobs = settings->jobs ? settings->jobs : JOBS_DEFAULT;
    *batch = (struct batch){
        .settings = settings,
        .client = client,
        .options = {.context = settings->context,
                    .timeout_ms = settings->job_timeout_ms,
                    .link = !settings->unlinked},
        .window = jobs * WINDOW_FACTOR,
        .limit = jobs,
        .limit_max = jobs,
        .interrupt_fd = interrupt_open(),
    };
    TAILQ_INIT(&batch->records);
    TAILQ_INIT(&batch->ready);
    TAILQ_INIT(&batch->ended);
    size_t payload_max = tm_client_payload_max(client);
    snprintf(batch->too_large, sizeof batch->too_large, PAYLOAD_TOO_LARGE, payload_max);
    lines_open(&batch->input, STDIN_FILENO, payload_max);
    sink_open(&batch->output, STDOUT_FILENO);
    progress_open(&batch->progress, STDIN_FILENO);
}

/* Also of a batch that was given up: its records may be anywhere on their way. */
static void batch_close(struct batch *batch)
{
    struct record *record;
    TAILQ_FOREACH (record, &batch->records, in_order)
        if (record->state != ENDED)
            record_end(batch, record, NULL, "given up");
    while ((record = TAILQ_FIRST(&batch->records)))
        record_free(batch, record); /* NOLINT(clang-analyzer-unix.Malloc): blind to TAILQ's links */
    progress_hide(&batch->progress);
    lines_close(&batch->input);
    sink_close(&batch->output);
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
