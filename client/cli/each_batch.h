/* each_batch: run --each between its files: each.c has the loop, each_ends.c the output and the
 * ends of lines and of the batch. */
#ifndef TASKMASTER_CLIENT_CLI_EACH_BATCH_H
#define TASKMASTER_CLIENT_CLI_EACH_BATCH_H

#include "each_log.h"
#include "each_pace.h"
#include "each_records.h"
#include "each_results.h"
#include "submission.h"

struct batch {
    const struct settings *settings;
    tm_client *client; /* owned */
    struct submission submission;
    struct lines input;
    struct each_log *log; /* borrowed */
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
    bool ending;   /* the server ends, and there is a next one: lines wait for it */
    bool hopeless; /* the server ends, and there is none */
    bool input_failed;
    bool has_more;   /* more events may be queued */
    int exit_status; /* the reason for the end of the whole batch; 0: none */
};

/* True while the rest of the input is read to name its lines. */
static inline bool each_batch_reads_rest(const struct batch *batch)
{
    return batch->stopped && !tmc_deadline_passed(batch->rest_end) && !lines_over(&batch->input);
}

/* --- each_ends.c --- */

/* Submits nothing more. Ends waiting lines with `why`. Ends lines in flight with `lost`; NULL: they
 * go on. The first `why` holds for all lines read later. */
void each_ends_stop(struct batch *batch, const char *why, const char *lost, int rest_ms);

/* Prints ended records while there is room. Returns true if any was printed. */
bool each_ends_print(struct batch *batch);

/* True once everything about the lines read is written. */
bool each_ends_finished(struct batch *batch);

/* Cancels the lines in flight. */
void each_ends_interrupt(struct batch *batch);

/* Ends the batch at --timeout. Writes results as far as standard output takes them at once. Returns
 * the exit status. */
int each_ends_time_out(struct batch *batch);

/* Ends the batch when standard output fails. Returns the exit status. */
int each_ends_lose_output(struct batch *batch);

#endif
