/* cmd_stats: stats, pools and workers. They show an answer in JSON as a table, or as it is. */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "exit_status.h"
#include "shown.h"
#include "table.h"
#include "units.h"

/* ---- figures of pools ---- */

/* The columns for people. All figures of a pool would need two lines. */
static const struct shown columns[] = {
    {NULL, "paused", "paused"},       {NULL, "removed", "removed"},
    {"pool", "start", "start"},       {"pool", "max", "max"},
    {"pool", "starting", "starting"}, {"pool", "idle", "idle"},
    {"pool", "busy", "busy"},         {"pool", "stopping", "stopping"},
    {"pool", "dead", "dead"},         {"queue", "waiting", "waiting"},
    {"queue", "max", "job_max"},      {"queue", "oldest_ms", "oldest_ms"},
};

/* Leaves out what an older server does not tell. */
static json_t *make_pool_row(const json_t *pool)
{
    json_t *row = json_object();
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        json_t *value = shown_member(pool, &columns[i]);
        if (value)
            json_object_set(row, columns[i].column, value);
    }
    return row;
}

/* Returns the same pools, each with the columns for people. */
static json_t *make_pool_rows(const json_t *pools)
{
    json_t *rows = json_object(), *pool;
    const char *name;
    json_object_foreach ((json_t *)pools, name, pool) {
        json_object_set_new(rows, name, make_pool_row(pool));
    }
    return rows;
}

/* ---- figures of modules ---- */

/* Of these the answer has more than a line has room for. */
static const char *const left_out[] = {"wait_us",    "run_us",      "bytes_in", "bytes_out",
                                       "longest_ms", "longest_job", "crashes"};

/* The percentiles for people. */
static const struct shown percentiles[] = {
    {"wait_us", "p50", "wait_p50"},
    {"wait_us", "p99", "wait_p99"},
    {"run_us", "p50", "run_p50"},
    {"run_us", "p99", "run_p99"},
};

static void add_percentile(json_t *row, const char *column, const json_t *us)
{
    char text[UNITS_MAX];
    if (us)
        json_object_set_new(row, column,
                            json_string(units_time(text, (uint64_t)json_integer_value(us))));
}

/* The columns for people of a module in taskqueued. */
static const struct shown kept_columns[] = {
    {NULL, "waiting", "waiting"}, {NULL, "delayed", "delayed"},   {NULL, "handed", "handed"},
    {NULL, "running", "running"}, {NULL, "ended", "ended"},       {NULL, "done", "done"},
    {NULL, "failed", "failed"},   {NULL, "poisoned", "poisoned"}, {NULL, "retried", "retried"},
    {NULL, "paused", "paused"},   {NULL, "held_ms", "held"},      {NULL, "run_us", "run"},
};

static json_t *make_kept_row(const json_t *module)
{
    json_t *row = json_object();
    for (size_t i = 0; i < sizeof kept_columns / sizeof kept_columns[0]; i++) {
        const json_t *value = shown_member(module, &kept_columns[i]);
        if (value)
            json_object_set_new(row, kept_columns[i].column,
                                shown_value(kept_columns[i].member, value));
    }
    return row;
}

/* taskqueued alone hands jobs on. */
static json_t *make_module_row(const json_t *module)
{
    if (json_object_get(module, "handed"))
        return make_kept_row(module);
    json_t *row = json_copy((json_t *)module);
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        json_object_del(row, left_out[i]);
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
        add_percentile(row, percentiles[i].column, shown_member(module, &percentiles[i]));
    return row;
}

static json_t *make_module_rows(const json_t *modules)
{
    json_t *rows = json_object(), *module;
    const char *name;
    json_object_foreach ((json_t *)modules, name, module) {
        json_object_set_new(rows, name,
                            json_is_object(module) ? make_module_row(module) : json_incref(module));
    }
    return rows;
}

/* ---- stats ---- */

static tm_client_status ask_stats(tm_client *client, const struct settings *settings,
                                  int timeout_ms, tm_client_event **answer)
{
    (void)settings;
    return tm_client_stats(client, timeout_ms, answer);
}

static void print_figures(FILE *out, const json_t *figures)
{
    json_t *shown = json_copy((json_t *)figures);
    const json_t *pools = json_object_get(figures, "pools");
    if (json_is_object(pools))
        json_object_set_new(shown, "pools", make_pool_rows(pools));
    const json_t *modules = json_object_get(figures, "modules");
    if (json_is_object(modules))
        json_object_set_new(shown, "modules", make_module_rows(modules));
    table_print_figures(out, shown);
    json_decref(shown);
}

static int print_stats(const struct settings *settings, const tm_client_event *answer)
{
    json_t *figures = ask_load_payload(answer, JSON_OBJECT);
    return figures ? ask_print_value(settings, figures, print_figures) : EXIT_UNREACHABLE;
}

static int run_stats(const struct settings *settings)
{
    return ask_server(settings, ask_stats, print_stats);
}

/* ---- pools ---- */

static void print_pool_rows(FILE *out, const json_t *pools)
{
    json_t *rows = make_pool_rows(pools);
    table_print_named_rows(out, "pool", rows);
    json_decref(rows);
}

/* A server without pools has one set of workers and one line, as the pool "default" has. */
static json_t *only_pool(const json_t *figures)
{
    return json_pack("{s{sO? sO?}}", "default", "pool", json_object_get(figures, "pool"), "queue",
                     json_object_get(figures, "queue"));
}

/* Takes the figures of a taskqueued. */
static int refuse_pools(json_t *figures)
{
    json_decref(figures);
    complain("taskqueued has no pools; those of its taskmasterd are shown without --queue");
    return EXIT_JOB_FAILED;
}

static int print_pools(const struct settings *settings, const tm_client_event *answer)
{
    json_t *figures = ask_load_payload(answer, JSON_OBJECT);
    if (!figures)
        return EXIT_UNREACHABLE;
    if (json_object_get(figures, "store"))
        return refuse_pools(figures);
    json_t *pools = json_incref(json_object_get(figures, "pools"));
    if (!json_is_object(pools)) {
        json_decref(pools);
        pools = only_pool(figures);
    }
    json_decref(figures);
    return ask_print_value(settings, pools, print_pool_rows);
}

static int run_pools(const struct settings *settings)
{
    return ask_server(settings, ask_stats, print_pools);
}

/* ---- workers ---- */

static tm_client_status ask_workers(tm_client *client, const struct settings *settings,
                                    int timeout_ms, tm_client_event **answer)
{
    (void)settings;
    return tm_client_workers(client, timeout_ms, answer);
}

static void print_rows(FILE *out, const json_t *workers)
{
    if (json_array_size(workers) == 0)
        fputs("no workers\n", out);
    else
        table_print_rows(out, workers);
}

static int print_workers(const struct settings *settings, const tm_client_event *answer)
{
    json_t *workers = ask_load_payload(answer, JSON_ARRAY);
    return workers ? ask_print_value(settings, workers, print_rows) : EXIT_UNREACHABLE;
}

static int run_workers(const struct settings *settings)
{
    return ask_server(settings, ask_workers, print_workers);
}

const struct command cmd_stats = {
    .name = "stats",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_stats,
    .summary = "show the server's figures",
    .help = "Prints the server's figures as a table; with --json, the server's own answer.\n",
};

const struct command cmd_pools = {
    .name = "pools",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_pools,
    .summary = "show the pools, their workers and lines",
    .help = "Prints a line for each pool: whether it is paused, how many workers it has in\n"
            "each state, and how long its line is; with --json, all figures of the pools.\n",
};

const struct command cmd_workers = {
    .name = "workers",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_workers,
    .summary = "show the workers and what they do",
    .help = "Prints a line for each worker; with --json, the server's own answer.\n",
};
