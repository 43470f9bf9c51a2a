/* cmd_monitor: monitor and watch: events, a line each, as they come. */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "event_line.h"
#include "exit_status.h"
#include "fields.h"
#include "report.h"
#include "report_json.h"

#include <string.h>

/* Prints events. Returns at the end of the last of `ends` monitored things, if nothing else is
 * left; 0: never. Returns the exit status. */
static int print_events(const struct settings *settings, tm_client *client, int ends)
{
    int exit_status = EXIT_DONE;
    for (int left = ends; exit_status == EXIT_DONE && (ends == 0 || left > 0);) {
        tm_client_event *event;
        tm_client_status status =
            tm_client_next(client, settings_time_left_ms(settings, -1), &event);
        if (status == TM_CLIENT_TIMEOUT)
            return report_time_over();
        if (status != TM_CLIENT_OK)
            return report_call(settings, client, status);
        if (event->type != TM_CLIENT_EVENT_DRAINING)
            exit_status = event_line_print(settings, event);
        left -= event->type == TM_CLIENT_EVENT_DOWN;
        tm_client_event_free(event);
    }
    return exit_status;
}

/* Sends a request whose answer is just ok. Takes the fields. Returns the exit status. */
static int ask_for(const struct settings *settings, tm_client *client, const char *op,
                   json_t *fields)
{
    tm_client_status status =
        ask_client(client, op, fields, settings_time_left_ms(settings, ANSWER_MAX_MS), NULL);
    return status == TM_CLIENT_OK ? EXIT_DONE : report_call(settings, client, status);
}

/* ---- monitor ---- */

static json_t *monitor_fields(const struct wish *wish, int ref)
{
    json_t *fields = fields_new();
    fields_add_number(fields, "ref", (uint64_t)ref);
    fields_add_text(fields, wish->kind, wish->text);
    fields_add_number(fields, wish->kind, wish->number);
    if (!wish->text && wish->number == 0)
        json_object_set_new(fields, wish->kind, json_true());
    return fields;
}

/* Jobs, workers and clients end; services and pools change for ever. */
static bool has_end(const struct wish *wish)
{
    return strcmp(wish->kind, "job") == 0 || strcmp(wish->kind, "worker") == 0 ||
           strcmp(wish->kind, "client") == 0;
}

/* Returns the number of things to end; 0 if one of them never does. */
static int count_ends(const struct settings *settings)
{
    for (int i = 0; i < settings->wish_count; i++)
        if (!has_end(&settings->wishes[i]))
            return 0;
    return settings->wish_count;
}

static int monitor(const struct settings *settings, tm_client *client)
{
    int exit_status = EXIT_DONE;
    for (int i = 0; exit_status == EXIT_DONE && i < settings->wish_count; i++)
        exit_status =
            ask_for(settings, client, "monitor", monitor_fields(&settings->wishes[i], i + 1));
    return exit_status == EXIT_DONE ? print_events(settings, client, count_ends(settings))
                                    : exit_status;
}

static int check_monitor(const struct settings *settings)
{
    if (settings->wish_count > 0)
        return 0;
    complain("monitor wants at least one of --job, --worker, --client, --service, --pool and "
             "--workers");
    return -1;
}

static int run_monitor(const struct settings *settings)
{
    int exit_status;
    tm_client *client = connect_to_listen(settings, &exit_status);
    if (client)
        exit_status = monitor(settings, client);
    tm_client_free(client);
    return exit_status;
}

/* ---- watch ---- */

static json_t *watch_fields(const struct settings *settings, bool queue)
{
    static char *all[] = {"jobs", "workers", "pools", "clients"}, *of_queue[] = {"jobs", "clients"};
    char **what = queue ? of_queue : all;
    int count = queue ? 2 : 4;
    if (settings->arg_count > 0) {
        what = settings->args;
        count = settings->arg_count;
    }
    json_t *fields = fields_new(), *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, report_json_text(what[i]));
    json_object_set_new(fields, "what", list);
    fields_add_filters(fields, settings);
    return fields;
}

static int run_watch(const struct settings *settings)
{
    int exit_status;
    tm_client *client = connect_to_listen(settings, &exit_status);
    if (client) {
        exit_status =
            ask_for(settings, client, "watch", watch_fields(settings, connect_is_queue(client)));
        if (exit_status == EXIT_DONE)
            exit_status = print_events(settings, client, 0);
    }
    tm_client_free(client);
    return exit_status;
}

const struct command cmd_monitor = {
    .name = "monitor",
    .arguments = "",
    .kind = COMMAND_MONITOR,
    .check = check_monitor,
    .run = run_monitor,
    .summary = "wait for the end of jobs, workers, clients",
    .help = "Prints a line when a named job, worker or client ends, and ends with the last\n"
            "of them. Of a service, a pool and all workers it prints the state and then each\n"
            "change, for ever. The options may be given more than once.\n",
};

const struct command cmd_watch = {
    .name = "watch",
    .arguments = "[WHAT]...",
    .arg_max = 4,
    .completes = VALUE_WHAT,
    .kind = COMMAND_WATCH,
    .run = run_watch,
    .summary = "print what happens, as it happens",
    .help = "Prints a line for each change of WHAT: jobs, workers, pools, clients; without\n"
            "WHAT, of all. The options choose among them. At high rates lines are left out,\n"
            "and the next one says how many.\n",
};
