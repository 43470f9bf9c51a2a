/* cmd_crash: crash and crashes. The server keeps the last crashes of each module. */
#include "allocate.h"
#include "ask.h"
#include "command.h"
#include "common/read_all.h"
#include "complain.h"
#include "crash_report.h"
#include "exit_status.h"
#include "output.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 16 * 1024 * 1024 }; /* bytes of standard input */

/* ---- crashes ---- */

/* Returns a copy of the record for a row: the crash itself is too wide. */
static json_t *make_row(const json_t *record)
{
    json_t *row = json_copy((json_t *)record);
    json_object_del(row, "crash");
    return row;
}

static void add_place(json_t *row, const json_t *record)
{
    const json_t *crash = crash_report_find(record);
    char *place = crash ? crash_report_top(crash) : NULL;
    if (place)
        json_object_set_new(row, "place", json_string(place));
    free(place);
}

static void print_rows(FILE *out, const json_t *records)
{
    json_t *rows = json_array(), *record;
    size_t i;
    json_array_foreach ((json_t *)records, i, record) {
        json_t *row = make_row(record);
        add_place(row, record);
        json_array_append_new(rows, row);
    }
    if (json_array_size(rows) == 0)
        fputs("no crashes\n", out);
    else
        table_print_rows(out, rows);
    json_decref(rows);
}

static tm_client_status ask_crashes(tm_client *client, const struct settings *settings,
                                    int timeout_ms, tm_client_event **answer)
{
    return tm_client_crashes(client, settings->module, timeout_ms, answer);
}

static int print_crashes(const struct settings *settings, const tm_client_event *answer)
{
    json_t *records = ask_load_payload(answer, JSON_ARRAY);
    return records ? ask_print_value(settings, records, print_rows) : EXIT_UNREACHABLE;
}

static int run_crashes(const struct settings *settings)
{
    return ask_server(settings, ask_crashes, print_crashes);
}

/* ---- crash ---- */

static void print_crash(FILE *out, const json_t *value)
{
    size_t len;
    char *text = crash_report_text(crash_report_find(value), &len);
    fwrite(text, 1, len, out);
    free(text);
}

/* A crash kept by the server: its history, then the crash. */
static void print_record(FILE *out, const json_t *record)
{
    json_t *rows = json_array();
    json_array_append_new(rows, make_row(record));
    table_print_rows(out, rows);
    fputc('\n', out);
    print_crash(out, record);
    json_decref(rows);
}

static bool is_named(const json_t *record, const char *name)
{
    return strcmp(crash_report_member(record, "fingerprint"), name) == 0 ||
           strcmp(crash_report_member(record, "last_job"), name) == 0;
}

static json_t *find_record(const json_t *records, const char *name)
{
    size_t i;
    json_t *record;
    json_array_foreach ((json_t *)records, i, record)
        if (is_named(record, name) && crash_report_find(record))
            return record;
    return NULL;
}

static int print_found(const struct settings *settings, const tm_client_event *answer)
{
    json_t *records = ask_load_payload(answer, JSON_ARRAY);
    if (!records)
        return EXIT_UNREACHABLE;
    json_t *record = json_incref(find_record(records, settings->args[0]));
    json_decref(records);
    if (record)
        return ask_print_value(settings, record, print_record);
    complain("the server has no crash with the fingerprint or the last job '%.128s'",
             settings->args[0]);
    return EXIT_JOB_FAILED;
}

/* Returns NULL after a complaint. */
static json_t *read_json(void)
{
    json_error_t error;
    json_t *value = NULL;
    char *text = allocate(NULL, INPUT_MAX);
    ssize_t size = read_all(STDIN_FILENO, text, INPUT_MAX);
    if (size < 0)
        complain("cannot read standard input: %s", strerror(errno));
    else if (size == INPUT_MAX)
        complain("standard input has %d bytes or more", INPUT_MAX);
    else if (!(value = json_loadb(text, (size_t)size, JSON_ALLOW_NUL, &error)))
        complain("standard input is not JSON: %s", error.text);
    free(text);
    return value;
}

/* Takes an event printed by `run --json`: its payload is a text. Returns other values as they are.
 */
static json_t *unwrap(json_t *value)
{
    const json_t *text = json_object_get(value, "payload");
    if (!json_is_string(text))
        return value;
    json_t *payload =
        json_loadb(json_string_value(text), json_string_length(text), JSON_ALLOW_NUL, NULL);
    json_decref(value);
    return payload ? payload : json_null();
}

static int run_stdin(const struct settings *settings)
{
    json_t *value = read_json();
    if (!value)
        return EXIT_JOB_FAILED;
    value = unwrap(value);
    if (crash_report_find(value))
        return ask_print_value(settings, value, print_crash);
    complain("standard input has no crash: neither a member 'crash' nor a 'backtrace'");
    json_decref(value);
    return EXIT_JOB_FAILED;
}

static int run_crash(const struct settings *settings)
{
    if (strcmp(settings->args[0], "-") == 0)
        return run_stdin(settings);
    return ask_server(settings, ask_crashes, print_found);
}

const struct command cmd_crash = {
    .name = "crash",
    .arguments = "JOB|FINGERPRINT|-",
    .arg_min = 1,
    .arg_max = 1,
    .completes = VALUE_CRASH,
    .kind = COMMAND_SERVER,
    .run = run_crash,
    .summary = "show where a module crashed",
    .help = "Prints a crash as a debugger does, with functions, files and lines from the\n"
            "objects on this machine. The crash is the server's: its fingerprint or its last\n"
            "job names it, see `taskmaster crashes`. With - it is read from standard input:\n"
            "the payload of the job's event \"failed\", or an event printed by run --json.\n",
};

const struct command cmd_crashes = {
    .name = "crashes",
    .arguments = "",
    .kind = COMMAND_CRASHES,
    .run = run_crashes,
    .summary = "show the modules' last crashes",
    .help = "Prints a line for each kind of crash, the last 16 of each module; with --json,\n"
            "the server's own answer.\n",
};
