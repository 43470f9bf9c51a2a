/* each_ends: the output of run --each, and the ends of its lines (each_batch.h). */
#include "each_batch.h"

#include "complain.h"
#include "exit_status.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

void each_ends_stop(struct batch *batch, const char *why, const char *lost, int rest_ms)
{
    if (!batch->stopped) {
        batch->stopped = why;
        batch->rest_end = tmc_deadline_in(rest_ms);
    }
    each_records_end_all(&batch->records, why, lost);
}

bool each_ends_print(struct batch *batch)
{
    struct each_record *record;
    bool any = false;
    while (each_results_has_room(&batch->results) &&
           (record = each_records_printable(&batch->records, batch->settings->unordered))) {
        each_results_print(&batch->results, record);
        each_log_note(batch->log, record,
                      batch->results.sink.written + sink_pending(&batch->results.sink));
        each_records_remove(&batch->records, record);
        any = true;
    }
    each_log_write(batch->log, batch->results.sink.written);
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

/* A refused cancel is as good: the job has just ended. After a TIMEOUT the request is on its way.
 * Returns false if no other job can be cancelled either. */
static bool cancel(struct batch *batch, const struct each_record *record, int64_t deadline)
{
    tm_client_status status =
        tm_client_cancel_id(batch->client, record->id, tmc_deadline_left_ms(deadline), NULL);
    return status == TM_CLIENT_OK || status == TM_CLIENT_REFUSED || status == TM_CLIENT_TIMEOUT;
}

void each_ends_interrupt(struct batch *batch)
{
    struct each_record *record;
    int64_t deadline = tmc_deadline_in(settings_time_left_ms(batch->settings, ANSWER_MAX_MS));
    each_results_complain(
        &batch->results,
        "interrupted: cancelling the running jobs; interrupt again to leave at once");
    batch->interrupted = true;
    each_ends_stop(batch, "not submitted: interrupted", NULL, 0);
    TAILQ_FOREACH (record, &batch->records.all, in_order)
        if (record->state == EACH_IN_FLIGHT && !cancel(batch, record, deadline))
            break; /* tm_client_next() will report the connection's state */
}

bool each_ends_finished(struct batch *batch)
{
    bool over = lines_over(&batch->input) || (batch->stopped && !each_batch_reads_rest(batch));
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

int each_ends_time_out(struct batch *batch)
{
    struct pollfd poll_fd = {.fd = batch->results.sink.fd, .events = POLLOUT};
    int written = 0;
    each_results_complain(&batch->results,
                          batch->settings->unlinked
                              ? "the batch did not end in time; jobs in flight are not cancelled"
                              : "the batch did not end in time; jobs in flight are cancelled");
    each_ends_stop(batch, "not submitted in time", "no result in time", 0);
    batch->rest_end = tmc_deadline_in(0);
    do
        (void)each_ends_print(batch);
    while (!each_ends_finished(batch) && poll(&poll_fd, 1, 0) > 0 &&
           (written = sink_write(&batch->results.sink)) == 0);
    name_unwritten(batch);
    return written < 0 ? EXIT_JOB_FAILED : EXIT_TIMED_OUT;
}

/* Its reader is gone, or there is no room. Naming each line would be of no use. */
int each_ends_lose_output(struct batch *batch)
{
    const struct each_record *first = TAILQ_FIRST(&batch->records.all);
    uint64_t count = batch->records.line_count;
    if (!first && !has_rest(batch) && lines_over(&batch->input))
        complain("results are missing: maybe of lines up to line %" PRIu64, count);
    else
        complain("results are missing: of line %" PRIu64
                 ", and maybe of others before and behind it",
                 first ? first->number : count + 1);
    return EXIT_JOB_FAILED;
}
