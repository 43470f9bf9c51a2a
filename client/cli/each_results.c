/* each_results: see each_results.h. */
#include "each_results.h"

#include "complain.h"
#include "report.h"
#include "report_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 * 1024 }; /* bytes waiting to be written */

void each_results_open(struct each_results *results, const struct settings *settings)
{
    results->settings = settings;
    sink_open(&results->sink, STDOUT_FILENO);
    progress_open(&results->progress, STDIN_FILENO);
}

void each_results_close(struct each_results *results)
{
    progress_hide(&results->progress);
    sink_close(&results->sink);
}

void each_results_complain(struct each_results *results, const char *text)
{
    progress_hide(&results->progress);
    complain("%s", text);
}

static void print_json(struct each_results *results, const struct each_record *record)
{
    size_t len;
    char *line = record->event ? report_json_event(record->event, record->number, &len)
                               : report_json_fault("lost", record->fault, record->number, &len);
    sink_add(&results->sink, line, len);
    free(line);
}

static void complain_of(struct each_results *results, const struct each_record *record)
{
    progress_hide(&results->progress);
    if (record->event) {
        report_failure(record->event, record->number);
        report_lost_briefly(record->event);
    } else {
        complain("line %" PRIu64 ": %s", record->number, record->fault);
    }
}

void each_results_print(struct each_results *results, const struct each_record *record)
{
    const tm_client_event *result = each_records_result(record);
    if (results->settings->json) {
        print_json(results, record);
    } else if (result) {
        sink_add(&results->sink, result->data, result->size);
        sink_add(&results->sink, "\n", 1);
    } else {
        complain_of(results, record);
    }
}

void each_results_complain_unwritten(struct each_results *results, const struct each_record *record)
{
    if (each_records_result(record))
        complain("line %" PRIu64 ": its result is not written", record->number);
    else
        complain_of(results, record);
}

bool each_results_has_room(const struct each_results *results)
{
    return sink_pending(&results->sink) < OUTPUT_MAX;
}

int each_results_write(struct each_results *results)
{
    if (results->progress.over_output)
        progress_hide(&results->progress);
    return sink_write(&results->sink);
}
