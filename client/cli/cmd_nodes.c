/* cmd_nodes: the nodes of the queue that taskqueued belongs to. */
#include "ask.h"
#include "command.h"
#include "exit_status.h"
#include "shown.h"
#include "table.h"

static const struct shown columns[] = {
    {NULL, "node", "node"},      {NULL, "self", "self"},       {NULL, "epoch", "epoch"},
    {NULL, "since", "since"},    {NULL, "version", "version"}, {NULL, "seen_ms", "seen"},
    {NULL, "lease_ms", "lease"}, {NULL, "held", "held"},       {0},
};

/* A dead node whose jobs are not taken over yet. */
static bool is_dead(const json_t *node)
{
    const json_t *lease = json_object_get(node, "lease_ms");
    return json_is_integer(lease) && json_integer_value(lease) <= 0;
}

static void print_nodes(FILE *out, const json_t *answer)
{
    const json_t *nodes = json_object_get(answer, "nodes");
    json_t *rows = shown_rows(nodes, columns), *row;
    size_t i;
    json_array_foreach (rows, i, row)
        if (is_dead(json_array_get(nodes, i)))
            json_object_set_new(row, "lease", json_string("over"));
    table_print_rows(out, rows);
    json_decref(rows);
}

static int show_nodes(const struct settings *settings, const tm_client_event *answer)
{
    json_t *nodes = ask_load_payload(answer, JSON_OBJECT);
    return nodes ? ask_print_value(settings, nodes, print_nodes) : EXIT_UNREACHABLE;
}

static int run_nodes(const struct settings *settings)
{
    return ask_request(settings, "nodes", NULL, show_nodes);
}

const struct command cmd_nodes = {
    .name = "nodes",
    .arguments = "",
    .kind = COMMAND_QUEUE,
    .run = run_nodes,
    .summary = "list the nodes of the queue",
    .help = "Prints a line for each taskqueued that works on the same queue: since when, when\n"
            "the store heard of it last, how long its lease lasts, and how many jobs it has.\n",
};
