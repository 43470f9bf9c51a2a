/* tally_report: the figures of ended jobs, and of the job running longest, as members of a JSON
 * object (doc/protocol.md, stats). */
#ifndef TASKMASTER_STATS_TALLY_REPORT_H
#define TASKMASTER_STATS_TALLY_REPORT_H

#include <jansson.h>

struct report;
struct tally;

/* Adds the members; without a running job so far. */
void tally_report_add(json_t *object, const struct tally *tally);

/* Notes each running job in the objects of its pool and its module, by their names. */
void tally_report_longest(const struct report *report, json_t *pools, json_t *modules);

#endif
