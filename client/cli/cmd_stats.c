/* cmd_stats: stats and workers. Both show an answer in JSON as a table, or as it is. */
#include "allocate.h"
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "exit_status.h"
#include "output.h"
#include "report.h"
#include "report_json.h"
#include "table.h"

typedef tm_client_status question(tm_client *client, int timeout_ms, tm_client_event **answer);
typedef void printer(FILE *out, const json_t *value);

/* Takes the value. Returns its text, the caller's: JSON on one line, or the output of `print`. */
static char *make_text(const struct settings *settings, json_t *value, printer *print, size_t *len)
{
    char *text = NULL;
    if (settings->json)
        return report_json_line(value, len);
    FILE *out = open_memstream(&text, len);
    if (!out)
        allocate_failed();
    print(out, value);
    if (fclose(out) != 0)
        allocate_failed();
    json_decref(value);
    return text;
}

/* Returns 0, or an exit status after a complaint. */
static int print_payload(const struct settings *settings, const tm_client_event *answer,
                         json_type type, printer *print)
{
    json_error_t error;
    size_t len;
    json_t *value = json_loadb(answer->data, answer->size, 0, &error);
    if (!value || json_typeof(value) != type) {
        complain("the server's answer cannot be read: %s", value ? "not of its type" : error.text);
        json_decref(value);
        return EXIT_UNREACHABLE;
    }
    char *text = make_text(settings, value, print, &len);
    return output_print_owned(settings, text, len);
}

static int ask(const struct settings *settings, question *call, json_type type, printer *print)
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return exit_status;
    tm_client_status status = call(client, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    exit_status = status == TM_CLIENT_OK ? print_payload(settings, answer, type, print)
                                         : report_call(settings, client, status);
    tm_client_event_free(answer);
    tm_client_free(client);
    return exit_status;
}

static int run_stats(const struct settings *settings)
{
    return ask(settings, tm_client_stats, JSON_OBJECT, table_print_figures);
}

static void print_workers(FILE *out, const json_t *workers)
{
    if (json_array_size(workers) == 0)
        fputs("no workers\n", out);
    else
        table_print_rows(out, workers);
}

static int run_workers(const struct settings *settings)
{
    return ask(settings, tm_client_workers, JSON_ARRAY, print_workers);
}

const struct command cmd_stats = {
    .name = "stats",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_stats,
    .summary = "show the server's figures",
    .help = "Prints the server's figures as a table; with --json, the server's own answer.\n",
};

const struct command cmd_workers = {
    .name = "workers",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_workers,
    .summary = "show the workers and what they do",
    .help = "Prints a line for each worker; with --json, the server's own answer.\n",
};
