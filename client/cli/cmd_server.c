/* cmd_server: ping, stats and workers, which ask the server about itself. */
#include "client/lib/deadline.h"
#include "command.h"
#include "report.h"
#include "table.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Takes the value and returns what is to be seen of it: JSON on one line, or what `print` makes of
 * it, cell by cell without control characters. */
static char *make_text(const struct settings *settings, json_t *value,
                       void (*print)(FILE *out, const json_t *value), size_t *len)
{
    char *text = NULL;
    if (settings->json)
        return report_json_line(value, len);
    FILE *out = open_memstream(&text, len);
    if (!out)
        out_of_memory();
    print(out, value);
    if (fclose(out) != 0)
        out_of_memory();
    json_decref(value);
    return text;
}

/* 0, or an exit status after a complaint. */
static int print_payload(const struct settings *settings, const tm_client_event *answer,
                         json_type type, void (*print)(FILE *out, const json_t *value))
{
    json_error_t error;
    json_t *value = json_loadb(answer->data, answer->size, 0, &error);
    if (!value || json_typeof(value) != type) {
        complain("the server's answer cannot be read: %s", value ? "not of its type" : error.text);
        json_decref(value);
        return EXIT_UNREACHABLE;
    }
    size_t len;
    char *text = make_text(settings, value, print, &len);
    int written = command_print(settings, text, len);
    free(text);
    return written;
}

typedef tm_client_status question(tm_client *client, int timeout_ms, tm_client_event **answer);

static int ask(const struct settings *settings, question *call, json_type type,
               void (*print)(FILE *out, const json_t *value))
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = command_connect(settings, &exit_status);
    if (!client)
        return exit_status;
    tm_client_status status = call(client, command_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    exit_status = status == TM_CLIENT_OK ? print_payload(settings, answer, type, print)
                                         : command_failed(settings, client, status);
    tm_client_event_free(answer);
    tm_client_free(client);
    return exit_status;
}

int cmd_stats(const struct settings *settings)
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

int cmd_workers(const struct settings *settings)
{
    return ask(settings, tm_client_workers, JSON_ARRAY, print_workers);
}

/* 0, or an exit status after a complaint. */
static int print_pong(const struct settings *settings, const tm_client *client, int64_t time_ns)
{
    size_t len;
    if (!settings->json)
        return command_print_line(settings, "%.256s at %.512s answered in %.3f ms",
                                  tm_client_server(client), settings->server,
                                  (double)time_ns / 1e6);
    json_t *pong = json_pack("{ss ss so sI}", "event", "pong", "server", tm_client_server(client),
                             "address", report_json_text(settings->server), "round_trip_us",
                             (json_int_t)(time_ns / 1000));
    char *line = report_json_line(pong, &len);
    int written = command_print(settings, line, len);
    free(line);
    return written;
}

int cmd_ping(const struct settings *settings)
{
    int exit_status;
    tm_client *client = command_connect(settings, &exit_status);
    if (!client)
        return exit_status;
    int64_t begin = tmc_deadline_now();
    tm_client_status status = tm_client_ping(client, command_time_left_ms(settings, ANSWER_MAX_MS));
    int64_t time_ns = tmc_deadline_now() - begin;
    exit_status = status == TM_CLIENT_OK ? print_pong(settings, client, time_ns)
                                         : command_failed(settings, client, status);
    tm_client_free(client);
    return exit_status;
}
