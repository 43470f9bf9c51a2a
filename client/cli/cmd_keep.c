/* cmd_keep: forget, retry and backup: what taskqueued does with the jobs it keeps. */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "exit_status.h"
#include "fields.h"
#include "output.h"
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- forget and retry of named jobs ---- */

/* Returns the exit status; `*stop` is set when the connection is of no more use. */
static int ask_about(const struct settings *settings, tm_client *client, const char *op,
                     const char *words, const char *job, bool *stop)
{
    tm_client_event *answer;
    json_t *fields = fields_new();
    fields_add_text(fields, "job", job);
    tm_client_status status =
        ask_client(client, op, fields, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    if (status != TM_CLIENT_OK) {
        *stop = status != TM_CLIENT_REFUSED;
        return report_call(settings, client, status);
    }
    int exit_status = settings->json ? ask_print_event(settings, answer)
                                     : output_print_line(settings, "%.128s %s", job, words);
    tm_client_event_free(answer);
    *stop = exit_status != EXIT_DONE;
    return exit_status;
}

/* Asks about each named job, whatever becomes of the others. `words` are printed behind the job. */
static int ask_about_each(const struct settings *settings, const char *op, const char *words)
{
    int exit_status, count = settings->arg_count, failed = 0;
    bool stop = false;
    tm_client *client = connect_to_server(settings, &exit_status);
    for (int i = 0; client && i < count && !stop; i++) {
        exit_status = ask_about(settings, client, op, words, settings->args[i], &stop);
        failed += exit_status != EXIT_DONE;
    }
    tm_client_free(client);
    if (!client || stop || count == 1)
        return exit_status;
    return failed > 0 ? EXIT_SOME_FAILED : EXIT_DONE;
}

static int run_forget(const struct settings *settings)
{
    return ask_about_each(settings, "forget", "is forgotten");
}

/* ---- retry ---- */

static bool selects(const struct settings *settings)
{
    return settings->module || settings->reason || settings->owner;
}

static int check_retry(const struct settings *settings)
{
    if (settings->arg_count > 0 ? !selects(settings) : selects(settings))
        return 0;
    complain("retry takes either JOB... or some of --module, --reason and --owner");
    return -1;
}

static int print_retried(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    return output_print_line(settings, "%" PRId64 " job%s again", answer->count,
                             answer->count == 1 ? " runs" : "s run");
}

static int run_retry(const struct settings *settings)
{
    if (settings->arg_count > 0)
        return ask_about_each(settings, "retry", "runs again");
    json_t *fields = fields_new(), *select = fields_new();
    fields_add_text(select, "module", settings->module);
    fields_add_text(select, "reason", settings->reason);
    fields_add_text(select, "owner", settings->owner);
    json_object_set_new(fields, "select", select);
    return ask_request(settings, "retry", fields, print_retried);
}

/* ---- backup ---- */

/* The server's directory is another one. Returns 0, or -1 after a complaint. */
static int make_absolute(const char *path, char absolute[PATH_MAX])
{
    char directory[PATH_MAX] = "";
    if (*path != '/' && !getcwd(directory, sizeof directory)) {
        complain("cannot tell the working directory: %s", strerror(errno));
        return -1;
    }
    int len = snprintf(absolute, PATH_MAX, "%s%s%s", directory, *path == '/' ? "" : "/", path);
    if (len < PATH_MAX)
        return 0;
    complain("the path is too long");
    return -1;
}

static tm_client_status ask_backup(tm_client *client, const struct settings *settings,
                                   int timeout_ms, tm_client_event **answer)
{
    char path[PATH_MAX];
    json_t *fields = fields_new();
    (void)timeout_ms; /* the answer comes once the copy is complete */
    (void)make_absolute(settings->args[0], path);
    fields_add_text(fields, "path", path);
    return ask_client(client, "backup", fields, settings_time_left_ms(settings, -1), answer);
}

static int check_backup(const struct settings *settings)
{
    char path[PATH_MAX];
    return make_absolute(settings->args[0], path);
}

static int print_backup(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    return output_print_line(settings, "the copy is complete");
}

static int run_backup(const struct settings *settings)
{
    return ask_server(settings, ask_backup, print_backup);
}

const struct command cmd_forget = {
    .name = "forget",
    .arguments = "JOB...",
    .arg_min = 1,
    .arg_max = INT_MAX,
    .completes = VALUE_JOB,
    .kind = COMMAND_QUEUE,
    .run = run_forget,
    .summary = "throw the outcomes of kept jobs away",
    .help = "Lets taskqueued forget the outcomes of jobs that have ended, before their time.\n",
};

const struct command cmd_retry = {
    .name = "retry",
    .arguments = "[JOB]...",
    .arg_max = INT_MAX,
    .completes = VALUE_JOB,
    .kind = COMMAND_QUEUE | COMMAND_RETRY,
    .check = check_retry,
    .run = run_retry,
    .summary = "run failed kept jobs again",
    .help = "Lets taskqueued run failed jobs again, under their ids and with their payloads.\n"
            "The options select jobs instead: those with all the named properties.\n",
};

const struct command cmd_backup = {
    .name = "backup",
    .arguments = "PATH",
    .arg_min = 1,
    .arg_max = 1,
    .kind = COMMAND_QUEUE,
    .check = check_backup,
    .run = run_backup,
    .summary = "copy the store of kept jobs",
    .help = "Lets taskqueued write a consistent copy of its store to PATH, on its own\n"
            "machine, while it works. Waits until the copy is complete.\n",
};
