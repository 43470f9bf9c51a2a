/* cmd_operate: recycle, reload, reopen, drain and log-level. */
#include "allocate.h"
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "exit_status.h"
#include "output.h"

#include <stdlib.h>

/* ---- recycle ---- */

static int check_recycle(const struct settings *settings)
{
    if (settings->arg_count == 0 || !settings->worker)
        return 0;
    complain("recycle takes POOL or --worker, not both");
    return -1;
}

static tm_client_status ask_recycle(tm_client *client, const struct settings *settings,
                                    int timeout_ms, tm_client_event **answer)
{
    if (settings->worker)
        return tm_client_recycle_worker(client, settings->worker, timeout_ms, answer);
    const char *pool = settings->arg_count > 0 ? settings->args[0] : NULL;
    return tm_client_recycle(client, pool, timeout_ms, answer);
}

static int print_recycled(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    json_t *header = ask_load_header(answer);
    json_int_t workers = json_integer_value(json_object_get(header, "workers"));
    json_decref(header);
    if (workers == 1)
        return output_print_line(settings, "1 worker is replaced after its job");
    return output_print_line(
        settings, "%" JSON_INTEGER_FORMAT " workers are replaced after their jobs", workers);
}

static int run_recycle(const struct settings *settings)
{
    return ask_server(settings, ask_recycle, print_recycled);
}

/* ---- reload ---- */

/* The answer waits for a new worker to be ready, as long as that takes. */
static tm_client_status ask_reload(tm_client *client, const struct settings *settings,
                                   int timeout_ms, tm_client_event **answer)
{
    (void)timeout_ms;
    return tm_client_reload(client, settings_time_left_ms(settings, -1), answer);
}

/* Returns "pool-max, modules", the caller's. */
static char *join(const json_t *keys)
{
    size_t i, len;
    json_t *key;
    char *text = NULL;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        allocate_failed();
    json_array_foreach ((json_t *)keys, i, key) {
        const char *name = json_string_value(key);
        fprintf(out, "%s%.64s", i > 0 ? ", " : "", name ? name : "?");
    }
    if (fclose(out) != 0)
        allocate_failed();
    return text;
}

/* A header may have no room for all keys. */
static int print_changed(const struct settings *settings, const json_t *header)
{
    const json_t *keys = json_object_get(header, "changed");
    json_int_t count = json_integer_value(json_object_get(header, "changed_count"));
    json_int_t shown = (json_int_t)json_array_size(keys);
    if (shown == 0 && count <= 0)
        return output_print_line(settings, "the settings are read, and nothing has changed");
    char *text = join(keys);
    int status =
        count > shown
            ? output_print_line(settings, "the settings are read; changed: %.800s and %lld more",
                                text, count - shown)
            : output_print_line(settings, "the settings are read; changed: %.800s", text);
    free(text);
    return status;
}

/* Returns the exit status: the old workers go on with the old settings if they are not replaced. */
static int print_renewed(const struct settings *settings, const json_t *header)
{
    const char *why = json_string_value(json_object_get(header, "why"));
    if (!json_is_false(json_object_get(header, "renewed")))
        return EXIT_DONE;
    if (!settings->json)
        complain("the workers are not replaced: %.512s", why ? why : "for an unknown reason");
    return EXIT_JOB_FAILED;
}

static int print_reloaded(const struct settings *settings, const tm_client_event *answer)
{
    json_t *header = ask_load_header(answer);
    int status =
        settings->json ? ask_print_event(settings, answer) : print_changed(settings, header);
    int renewed = print_renewed(settings, header);
    json_decref(header);
    return status == EXIT_DONE ? renewed : status;
}

static int run_reload(const struct settings *settings)
{
    return ask_server(settings, ask_reload, print_reloaded);
}

/* ---- reopen ---- */

static tm_client_status ask_reopen(tm_client *client, const struct settings *settings,
                                   int timeout_ms, tm_client_event **answer)
{
    (void)settings;
    return tm_client_reopen(client, timeout_ms, answer);
}

static int print_reopened(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    json_t *header = ask_load_header(answer);
    const char *file = json_string_value(json_object_get(header, "file"));
    int status = file ? output_print_line(settings, "the log goes on in %.800s", file)
                      : output_print_line(settings, "the log has no file, and nothing was done");
    json_decref(header);
    return status;
}

static int run_reopen(const struct settings *settings)
{
    return ask_server(settings, ask_reopen, print_reopened);
}

/* ---- drain ---- */

static tm_client_status ask_drain(tm_client *client, const struct settings *settings,
                                  int timeout_ms, tm_client_event **answer)
{
    return tm_client_drain(client, settings->waiting, timeout_ms, answer);
}

static int print_draining(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    return output_print_line(settings, "the server ends after its jobs");
}

static int run_drain(const struct settings *settings)
{
    return ask_server(settings, ask_drain, print_draining);
}

/* ---- log-level ---- */

static tm_client_status ask_log_level(tm_client *client, const struct settings *settings,
                                      int timeout_ms, tm_client_event **answer)
{
    return tm_client_log_level(client, settings->args[0], timeout_ms, answer);
}

static int print_log_level(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    json_t *header = ask_load_header(answer);
    const char *was = json_string_value(json_object_get(header, "was"));
    int status = output_print_line(settings, "the log's level is %.32s, and was %.32s",
                                   settings->args[0], was ? was : "another");
    json_decref(header);
    return status;
}

static int run_log_level(const struct settings *settings)
{
    return ask_server(settings, ask_log_level, print_log_level);
}

const struct command cmd_recycle = {
    .name = "recycle",
    .arguments = "[POOL]",
    .arg_max = 1,
    .completes = VALUE_POOL,
    .kind = COMMAND_WORKER,
    .check = check_recycle,
    .run = run_recycle,
    .summary = "replace workers",
    .help = "Replaces the workers of the pool, each after its job; no job is lost. Without\n"
            "POOL, all workers; with --worker, that one.\n",
};

const struct command cmd_reload = {
    .name = "reload",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_reload,
    .summary = "read the settings again",
    .help = "Does what SIGHUP does, and says whether it worked: what has changed, or which\n"
            "setting is wrong and where. Waits until it is decided whether the workers are\n"
            "replaced; the exit status is 1 if they are not.\n",
};

const struct command cmd_reopen = {
    .name = "reopen",
    .arguments = "",
    .kind = COMMAND_SERVER,
    .run = run_reopen,
    .summary = "open the log's file again",
    .help = "Does what SIGUSR1 does: after a rotation the server opens the file of its log\n"
            "again, and says whether it could. Without the setting log-file, does nothing.\n",
};

const struct command cmd_drain = {
    .name = "drain",
    .arguments = "",
    .kind = COMMAND_DRAIN,
    .run = run_drain,
    .summary = "end the server after its jobs",
    .help = "Does what SIGTERM does: running jobs go on to their end, and the server ends.\n"
            "With --waiting run, waiting jobs are run before.\n",
};

const struct command cmd_log_level = {
    .name = "log-level",
    .arguments = "LEVEL",
    .arg_min = 1,
    .arg_max = 1,
    .completes = VALUE_LEVEL,
    .kind = COMMAND_SERVER,
    .run = run_log_level,
    .summary = "change the log until the next reload",
    .help = "Changes the level of the server's log: error, warn, info or debug.\n",
};
