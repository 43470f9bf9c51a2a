/* each_results: the results of a batch on standard output, its complaints on standard error, and
 * the progress line between them. Above report, sink and progress. */
#ifndef TASKMASTER_CLIENT_CLI_EACH_RESULTS_H
#define TASKMASTER_CLIENT_CLI_EACH_RESULTS_H

#include "each_records.h"
#include "settings.h"
#include "sink.h"

struct each_results {
    const struct settings *settings; /* borrowed */
    struct sink sink;
    struct progress progress;
};

void each_results_open(struct each_results *results, const struct settings *settings);
void each_results_close(struct each_results *results);

/* Complains like complain(), over a hidden progress line. */
void each_results_complain(struct each_results *results, const char *text);

/* Prints a record: its result, or the reason for having none. */
void each_results_print(struct each_results *results, const struct each_record *record);

/* Complains about a record left when standard output takes no more. */
void each_results_complain_unwritten(struct each_results *results,
                                     const struct each_record *record);

/* True while results may be printed; else they wait in their records. */
bool each_results_has_room(const struct each_results *results);

/* Writes once, after poll(2) has reported room. Returns 0, or -1 after a complaint. */
int each_results_write(struct each_results *results);

#endif
