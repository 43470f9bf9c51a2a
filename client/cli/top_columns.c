/* top_columns: see top_columns.h. */
#include "top_columns.h"

#include "units.h"

#include <stdio.h>
#include <string.h>

static const struct top_column pools[] = {
    {"POOL", "name", TOP_TEXT, 10, 0},           {"STATE", "state", TOP_TEXT, 7, 2},
    {"WORKERS", "pool.count", TOP_COUNT, 7, 3},  {"MAX", "pool.max", TOP_COUNT, 5, 4},
    {"BUSY", "pool.busy", TOP_COUNT, 5, 0},      {"WAIT", "queue.waiting", TOP_COUNT, 6, 0},
    {"OLDEST", "queue.oldest_ms", TOP_MS, 6, 1}, {"JOBS/S", "rate", TOP_RATE, 6, 0},
    {"W.P50", "wait_us.p50", TOP_US, 6, 5},      {"W.P99", "wait_us.p99", TOP_US, 6, 2},
    {"R.P50", "run_us.p50", TOP_US, 6, 1},       {"R.P99", "run_us.p99", TOP_US, 6, 1},
    {"R.MAX", "run_us.max", TOP_US, 6, 7},       {"LONGEST", "longest_ms", TOP_MS, 7, 3},
    {"DEAD", "pool.dead", TOP_COUNT, 5, 6},      {"EXITS", "pool.exits", TOP_COUNT, 6, 6},
    {"START", "pool.starting", TOP_COUNT, 5, 8},
};

static const struct top_column modules[] = {
    {"MODULE", "name", TOP_TEXT, 10, 0},     {"STATE", "state", TOP_TEXT, 7, 2},
    {"RUN", "running", TOP_COUNT, 5, 0},     {"WAIT", "waiting", TOP_COUNT, 6, 0},
    {"JOBS/S", "rate", TOP_RATE, 6, 0},      {"DONE", "done", TOP_COUNT, 6, 3},
    {"FAILED", "failed", TOP_COUNT, 6, 1},   {"W.P50", "wait_us.p50", TOP_US, 6, 5},
    {"W.P99", "wait_us.p99", TOP_US, 6, 2},  {"R.P50", "run_us.p50", TOP_US, 6, 1},
    {"R.P99", "run_us.p99", TOP_US, 6, 1},   {"R.MAX", "run_us.max", TOP_US, 6, 7},
    {"LONGEST", "longest_ms", TOP_MS, 7, 4}, {"IN", "bytes_in", TOP_BYTES, 6, 8},
    {"OUT", "bytes_out", TOP_BYTES, 6, 8},
};

static const struct top_column jobs[] = {
    {"JOB", "job", TOP_TEXT, 14, 0},
    {"MODULE", "module", TOP_TEXT, 10, 0},
    {"POOL", "pool", TOP_TEXT, 8, 4},
    {"STATE", "state", TOP_TEXT, 8, 3},
    {"RAN", "run_ms", TOP_MS, 6, 0},
    {"WAITED", "wait_ms", TOP_MS, 6, 4},
    {"DONE", "progress.fraction", TOP_PART, 5, 1},
    {"WORKER", "worker", TOP_ID, 6, 2},
    {"OWNER", "owner", TOP_TEXT, 8, 2},
    {"CLIENT", "client.name", TOP_TEXT, 10, 5},
    {"SIZE", "size", TOP_BYTES, 6, 6},
    {"MESSAGE", "progress.message", TOP_TEXT, 16, 7},
};

static const struct top_column workers[] = {
    {"WORKER", "id", TOP_ID, 6, 0},
    {"PID", "pid", TOP_ID, 8, 3},
    {"POOL", "pool", TOP_TEXT, 10, 1},
    {"STATE", "state", TOP_TEXT, 8, 0},
    {"SINCE", "since_ms", TOP_MS, 6, 0},
    {"MODULE", "module", TOP_TEXT, 10, 0},
    {"JOB", "job", TOP_TEXT, 14, 2},
    {"JOBS", "jobs_done", TOP_COUNT, 6, 1},
    {"FAILED", "jobs_failed", TOP_COUNT, 6, 3},
    {"RSS", "rss_kb", TOP_KB, 6, 1},
    {"AGE", "age_ms", TOP_MS, 6, 4},
    {"ENDING", "ending", TOP_TEXT, 9, 4},
};

#define TABLE(name, key, columns, sort)                               \
    {                                                                 \
        name, key, columns, sizeof(columns) / sizeof *(columns), sort \
    }

const struct top_table top_tables[TOP_SECTIONS] = {
    [TOP_POOLS] = TABLE("POOL", "name", pools, 5),
    [TOP_MODULES] = TABLE("MODULE", "name", modules, 4),
    [TOP_JOBS] = TABLE("JOB", "job", jobs, 4),
    [TOP_WORKERS] = TABLE("WORKER", "id", workers, 3),
};

/* Paths have two names at most. */
const json_t *top_value(const json_t *row, const char *path)
{
    char outer[32];
    const char *dot = strchr(path, '.');
    if (!dot)
        return json_object_get(row, path);
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - path), path);
    return json_object_get(json_object_get(row, outer), dot + 1);
}

void top_clean(char *to, size_t size, const char *from)
{
    size_t at = 0;
    for (; from[at] && at + 1 < size; at++)
        to[at] = from[at] >= ' ' && from[at] < 0x7f ? from[at] : '?';
    to[at] = '\0';
}

static void put_number(char text[TOP_CELL_MAX], enum top_unit unit, const json_t *value)
{
    char number[UNITS_MAX] = "-";
    double real = json_number_value(value);
    uint64_t whole = real > 0 && real < 1e18 ? (uint64_t)real : 0;
    if (unit == TOP_ID)
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (unit == TOP_RATE && real < 10)
        snprintf(number, sizeof number, "%.1f", real > 0 ? real : 0);
    else if (unit == TOP_COUNT || unit == TOP_RATE)
        units_count(number, whole);
    else if (unit == TOP_US)
        units_time(number, whole);
    else if (unit == TOP_MS)
        units_time(number, whole * 1000);
    else if (unit == TOP_BYTES)
        units_size(number, whole);
    else if (unit == TOP_KB)
        units_size(number, whole * 1024);
    else if (unit == TOP_PART)
        snprintf(number, sizeof number, "%d%%", (int)((real < 0 ? 0 : real > 1 ? 1 : real) * 100));
    snprintf(text, TOP_CELL_MAX, "%s", number);
}

/* "run_us.p99": the largest of these times is 0, or there is none. */
static bool has_no_times(const json_t *row, const char *path)
{
    char most[32];
    snprintf(most, sizeof most, "%.*smax", (int)(strchr(path, '.') + 1 - path), path);
    return json_number_value(top_value(row, most)) <= 0;
}

/* Without a time, no job waits, runs or has run. */
static bool is_nothing(const struct top_column *column, const json_t *row, const json_t *value)
{
    if (!value || json_is_null(value))
        return true;
    if (column->unit == TOP_US)
        return has_no_times(row, column->path);
    return column->unit == TOP_MS && json_number_value(value) <= 0;
}

char *top_cell(char text[TOP_CELL_MAX], const struct top_column *column, const json_t *row)
{
    const json_t *value = top_value(row, column->path);
    if (is_nothing(column, row, value))
        snprintf(text, TOP_CELL_MAX, "-");
    else if (json_is_string(value))
        top_clean(text, TOP_CELL_MAX, *json_string_value(value) ? json_string_value(value) : "-");
    else if (json_is_number(value) && column->unit != TOP_TEXT)
        put_number(text, column->unit, value);
    else
        snprintf(text, TOP_CELL_MAX, "?");
    return text;
}

static const char *text_of(const json_t *value)
{
    return json_is_string(value) ? json_string_value(value) : "";
}

int top_compare(const struct top_column *column, const json_t *a, const json_t *b)
{
    const json_t *x = top_value(a, column->path), *y = top_value(b, column->path);
    if (column->unit == TOP_TEXT)
        return strcmp(text_of(x), text_of(y));
    double p = json_number_value(x), q = json_number_value(y);
    return (p > q) - (p < q);
}

bool top_matches(enum top_section section, const json_t *row, const char *words)
{
    const struct top_table *table = &top_tables[section];
    if (!*words)
        return true;
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].unit == TOP_TEXT &&
            strcasestr(text_of(top_value(row, table->columns[i].path)), words))
            return true;
    return false;
}

bool top_is_alarm(enum top_section section, const json_t *row)
{
    const char *state = json_string_value(json_object_get(row, "state"));
    if (!state)
        return false;
    if (section == TOP_WORKERS)
        return strcmp(state, "dead") == 0;
    if (section == TOP_JOBS)
        return strcmp(state, "stopping") == 0;
    return *state != '\0';
}
