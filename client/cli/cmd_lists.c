/* cmd_lists: clients, modules and services. */
#include "ask.h"
#include "command.h"
#include "exit_status.h"
#include "fields.h"
#include "pages.h"
#include "shown.h"
#include "table.h"

static void print_rows(FILE *out, const json_t *list, const struct shown *columns,
                       const char *without)
{
    json_t *rows = shown_rows(list, columns);
    if (json_array_size(rows) == 0)
        fprintf(out, "%s\n", without);
    else
        table_print_rows(out, rows);
    json_decref(rows);
}

/* ---- clients ---- */

static const struct shown client_columns[] = {
    {NULL, "id", "id"},
    {NULL, "name", "name"},
    {NULL, "owner", "owner"},
    {NULL, "address", "address"},
    {NULL, "pid", "pid"},
    {NULL, "connected_ms", "connected"},
    {NULL, "idle_ms", "idle"},
    {NULL, "jobs", "jobs"},
    {NULL, "output", "output"},
    {NULL, "services", "services"},
    {NULL, "monitors", "monitors"},
    {0},
};

static void print_clients(FILE *out, const json_t *clients)
{
    print_rows(out, clients, client_columns, "no clients");
}

static int run_clients(const struct settings *settings)
{
    return pages_show(settings, "clients", fields_new(), print_clients);
}

/* ---- modules ---- */

/* The text of describe may have many lines: --json has it, with the settings. */
static const struct shown module_columns[] = {
    {NULL, "name", "name"},       {NULL, "pool", "pool"},           {NULL, "enabled", "enabled"},
    {NULL, "version", "version"}, {NULL, "loaded_by", "loaded_by"}, {"breaker", "state", "breaker"},
    {NULL, "running", "running"}, {NULL, "waiting", "waiting"},     {NULL, "done", "done"},
    {NULL, "failed", "failed"},   {NULL, "file", "file"},           {0},
};

static void print_modules(FILE *out, const json_t *modules)
{
    print_rows(out, modules, module_columns, "no modules");
}

static int show_modules(const struct settings *settings, const tm_client_event *answer)
{
    json_t *modules = ask_load_payload(answer, JSON_ARRAY);
    return modules ? ask_print_value(settings, modules, print_modules) : EXIT_UNREACHABLE;
}

static int run_modules(const struct settings *settings)
{
    return ask_request(settings, "modules", NULL, show_modules);
}

/* ---- services ---- */

static const struct shown service_columns[] = {
    {NULL, "name", "name"},
    {"owner", "client", "client"},
    {"owner", "name", "owner"},
    {NULL, "since_ms", "since"},
    {NULL, "delivered", "delivered"},
    {NULL, "dropped", "dropped"},
    {0},
};

static void print_services(FILE *out, const json_t *services)
{
    print_rows(out, services, service_columns, "no services");
}

static int show_services(const struct settings *settings, const tm_client_event *answer)
{
    json_t *services = ask_load_payload(answer, JSON_ARRAY);
    return services ? ask_print_value(settings, services, print_services) : EXIT_UNREACHABLE;
}

static int run_services(const struct settings *settings)
{
    return ask_request(settings, "services", NULL, show_services);
}

const struct command cmd_clients = {
    .name = "clients",
    .arguments = "",
    .kind = COMMAND_CLIENTS,
    .run = run_clients,
    .summary = "list the connected clients",
    .help = "Prints a line for each client: its number, name and address, how long it has\n"
            "been connected and silent, its jobs, and the output waiting for it.\n",
};

const struct command cmd_modules = {
    .name = "modules",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_modules,
    .summary = "list the modules",
    .help = "Prints a line for each module: its pool and version, how many workers have\n"
            "loaded it, the state of its breaker. With --json, also its description and its\n"
            "settings.\n",
};

const struct command cmd_services = {
    .name = "services",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_services,
    .summary = "list the registered services",
    .help = "Prints a line for each registered service: the number and the name of its owner,\n"
            "since when, and how many ends of jobs went to it or were dropped.\n",
};
