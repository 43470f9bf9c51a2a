/* cmd_jobs: status, jobs and peek: jobs as they are now. */
#include "command.h"
#include "exit_status.h"
#include "fields.h"
#include "output.h"
#include "pages.h"
#include "shown.h"
#include "table.h"

static json_t *job_fields(const struct settings *settings)
{
    json_t *fields = fields_new();
    fields_add_text(fields, "job", settings->args[0]);
    return fields;
}

/* ---- status ---- */

static void print_job(FILE *out, const json_t *job)
{
    json_t *shown = shown_object(job);
    table_print_figures(out, shown);
    json_decref(shown);
}

static int print_status(const struct settings *settings, const tm_client_event *answer)
{
    json_t *job = ask_load_payload(answer, JSON_OBJECT);
    return job ? ask_print_value(settings, job, print_job) : EXIT_UNREACHABLE;
}

static int run_status(const struct settings *settings)
{
    return ask_request(settings, "status", job_fields(settings), print_status);
}

/* ---- jobs ---- */

/* The columns for people: a job has more than a line has room for. */
static const struct shown columns[] = {
    {NULL, "job", "job"},
    {NULL, "state", "state"},
    {NULL, "module", "module"},
    {NULL, "pool", "pool"},
    {NULL, "owner", "owner"},
    {NULL, "service", "service"},
    {"client", "id", "client"},
    {NULL, "worker", "worker"},
    {NULL, "position", "position"},
    {NULL, "wait_ms", "waited"},
    {NULL, "run_ms", "ran"},
    {"progress", "fraction", "progress"},
    {NULL, "size", "size"},
    {NULL, "key", "key"},
    {NULL, "attempt", "attempt"},
    {NULL, "delay_ms", "delay"},
    {"outcome", "reason", "reason"},
    {0},
};

static void print_rows(FILE *out, const json_t *jobs)
{
    json_t *rows = shown_rows(jobs, columns);
    if (json_array_size(rows) == 0)
        fputs("no jobs\n", out);
    else
        table_print_rows(out, rows);
    json_decref(rows);
}

static int run_jobs(const struct settings *settings)
{
    json_t *fields = fields_new();
    fields_add_filters(fields, settings);
    fields_add_text(fields, "reason", settings->reason);
    fields_add_number(fields, "client", settings->client);
    return pages_show(settings, "jobs", fields, print_rows);
}

/* ---- peek ---- */

static int print_payload(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    return output_print_result(settings, answer->data, answer->size);
}

static int run_peek(const struct settings *settings)
{
    return ask_request(settings, "peek", job_fields(settings), print_payload);
}

const struct command cmd_status = {
    .name = "status",
    .arguments = "JOB",
    .arg_min = 1,
    .arg_max = 1,
    .completes = VALUE_JOB,
    .kind = COMMAND_SERVER,
    .run = run_status,
    .summary = "show a job as it is now",
    .help = "Prints what the server knows of a waiting or running job: its state, its place\n"
            "in the line, its worker and times, its client, its progress. JOB is the server's\n"
            "id of the job.\n",
};

const struct command cmd_jobs = {
    .name = "jobs",
    .arguments = "",
    .kind = COMMAND_JOBS,
    .run = run_jobs,
    .summary = "list jobs, running and waiting",
    .help = "Prints a line for each job: the running ones first, then those of each line in\n"
            "their order. The options choose among them; with --json, all that is known.\n"
            "With --queue, the kept jobs in the order of their submits, ended ones too.\n",
};

const struct command cmd_peek = {
    .name = "peek",
    .arguments = "JOB",
    .arg_min = 1,
    .arg_max = 1,
    .completes = VALUE_JOB,
    .kind = COMMAND_SERVER,
    .run = run_peek,
    .summary = "print the payload of a waiting job",
    .help = "Prints the payload of a waiting job as it is, and leaves the job where it is.\n",
};
