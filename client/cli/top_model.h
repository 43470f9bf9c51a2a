/*
 * top_model: the server's last answers to stats, workers and jobs, as rows for `top`. Above
 * top_columns
 * and top_recent.
 */
#ifndef TASKMASTER_CLIENT_CLI_TOP_MODEL_H
#define TASKMASTER_CLIENT_CLI_TOP_MODEL_H

#include "top_columns.h"
#include "top_recent.h"

#include <stdint.h>

struct top_model {
    json_t *rows[TOP_SECTIONS]; /* lists of objects; owned */
    json_t *stats;              /* the last answer; NULL: none yet; owned */
    struct top_recent recent;   /* earlier ones */
    double rate;                /* ended jobs each second, of late */
    double cpu;                 /* processors that the server uses; below 0: not known */
    bool since_start;           /* percentiles are of all jobs so far, not of recent ones */
    int64_t silent_ms;          /* the server has owed an answer for so long */
    bool has_jobs;              /* the server tells of jobs; otherwise its workers do */
    bool more_jobs;             /* the server has more of them than it was asked for */
};

void top_model_init(struct top_model *model);
void top_model_free(struct top_model *model);

/* Take an answer, borrowed: parsed JSON of the right type. `now_ms`: any clock that does not go
 * back. */
void top_model_take_stats(struct top_model *model, json_t *stats, int64_t now_ms);
void top_model_take_workers(struct top_model *model, json_t *workers);
void top_model_take_jobs(struct top_model *model, json_t *jobs, bool more);

/* The rows of a section with `words` in a text, sorted by a column, the largest number or the first
 * name first; `reverse`: the other way. Returns a list of the caller's. */
json_t *top_model_select(const struct top_model *model, enum top_section section, const char *words,
                         size_t column, bool reverse);

/* The integer at a path of the last stats, such as "jobs.running"; 0 if there is none. */
uint64_t top_model_figure(const struct top_model *model, const char *path);

/* The sum of the counts by reason: "failed", "overload". */
uint64_t top_model_sum(const struct top_model *model, const char *of);

#endif
