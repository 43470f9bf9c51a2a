/* cmd_stats: stats, pools and workers. They show an answer in JSON as a table, or as it is. */
#include "ask.h"
#include "command.h"
#include "exit_status.h"
#include "table.h"

static tm_client_status ask_stats(tm_client *client, const struct settings *settings,
                                  int timeout_ms, tm_client_event **answer)
{
    (void)settings;
    return tm_client_stats(client, timeout_ms, answer);
}

static int print_stats(const struct settings *settings, const tm_client_event *answer)
{
    json_t *figures = ask_load_payload(answer, JSON_OBJECT);
    return figures ? ask_print_value(settings, figures, table_print_figures) : EXIT_UNREACHABLE;
}

static int run_stats(const struct settings *settings)
{
    return ask_server(settings, ask_stats, print_stats);
}

static void print_pool_rows(FILE *out, const json_t *pools)
{
    table_print_named_rows(out, "pool", pools);
}

/* A server without pools has one set of workers and one line, as the pool "default" has. */
static json_t *only_pool(const json_t *figures)
{
    return json_pack("{s{sO? sO?}}", "default", "pool", json_object_get(figures, "pool"), "queue",
                     json_object_get(figures, "queue"));
}

static int print_pools(const struct settings *settings, const tm_client_event *answer)
{
    json_t *figures = ask_load_payload(answer, JSON_OBJECT);
    if (!figures)
        return EXIT_UNREACHABLE;
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
    .help = "Prints a line for each pool: whether it is paused, the figures of its workers\n"
            "and of its line; with --json, the member \"pools\" of the server's figures.\n",
};

const struct command cmd_workers = {
    .name = "workers",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_workers,
    .summary = "show the workers and what they do",
    .help = "Prints a line for each worker; with --json, the server's own answer.\n",
};
