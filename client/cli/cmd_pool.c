/* cmd_pool: pause, resume and resize, for one pool. Without a name, pause and resume mean all
 * pools, and resize the pool "default". taskqueued has no pools: it pauses modules. */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "connect.h"
#include "fields.h"
#include "output.h"
#include "report.h"

#include <string.h>

/* NULL: none named. */
static const char *name_of(const struct settings *settings)
{
    return settings->arg_count > 0 ? settings->args[0] : NULL;
}

/* ---- pause, resume ---- */

/* What an answer says of the state before; NULL: nothing. */
static json_t *load_was(const tm_client_event *answer)
{
    json_t *header = ask_load_header(answer);
    json_t *was = json_incref(json_object_get(header, "was"));
    json_decref(header);
    return was;
}

static bool is_module(const char *kind)
{
    return strcmp(kind, "module") == 0;
}

/* "pool reports is paused", "all pools are paused", "the queue is paused". `kind` is "pool" or
 * "module". Returns the exit status. */
static int print_state(const struct settings *settings, const char *kind, bool before,
                       const char *state)
{
    if (name_of(settings))
        return output_print_line(settings, "%s %.64s %s %s", kind, name_of(settings),
                                 before ? "was" : "is", state);
    if (is_module(kind))
        return output_print_line(settings, "the queue %s %s", before ? "was" : "is", state);
    return output_print_line(settings, "all pools %s %s", before ? "were" : "are", state);
}

static int print_paused(const struct settings *settings, const char *kind, const json_t *was)
{
    bool before = json_is_true(was);
    return print_state(settings, kind, before, before ? "paused already" : "paused");
}

/* Of all pools, some may have been paused. */
static int print_resumed(const struct settings *settings, const char *kind, const json_t *was)
{
    bool before = (name_of(settings) || is_module(kind)) && json_is_false(was);
    return print_state(settings, kind, before, before ? "not paused" : "resumed");
}

/* Asks for a pause or its end. */
static int steer(const struct settings *settings, const char *op,
                 int (*print)(const struct settings *, const char *kind, const json_t *was))
{
    int exit_status;
    tm_client_event *answer;
    tm_client *client = connect_to_server(settings, &exit_status);
    if (!client)
        return exit_status;
    const char *kind = connect_is_queue(client) ? "module" : "pool";
    json_t *fields = fields_new();
    fields_add_text(fields, kind, name_of(settings));
    tm_client_status status =
        ask_client(client, op, fields, settings_time_left_ms(settings, ANSWER_MAX_MS), &answer);
    if (status == TM_CLIENT_OK) {
        json_t *was = load_was(answer);
        exit_status =
            settings->json ? ask_print_event(settings, answer) : print(settings, kind, was);
        json_decref(was);
    } else {
        exit_status = report_call(settings, client, status);
    }
    tm_client_event_free(answer);
    tm_client_free(client);
    return exit_status;
}

static int run_pause(const struct settings *settings)
{
    return steer(settings, "pause", print_paused);
}

static int run_resume(const struct settings *settings)
{
    return steer(settings, "resume", print_resumed);
}

/* ---- resize ---- */

static int check_resize(const struct settings *settings)
{
    const tm_client_pool_size *size = &settings->size;
    if (size->pool_start >= 0 || size->pool_max >= 0 || size->job_max >= 0)
        return 0;
    complain("resize wants at least one of --pool-start, --pool-max and --job-max");
    return -1;
}

static tm_client_status ask_resize(tm_client *client, const struct settings *settings,
                                   int timeout_ms, tm_client_event **answer)
{
    return tm_client_resize(client, name_of(settings), &settings->size, timeout_ms, answer);
}

static long long number_of(const json_t *header, const char *key)
{
    return json_integer_value(json_object_get(header, key));
}

static int print_resized(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    json_t *header = ask_load_header(answer);
    int status = output_print_line(
        settings,
        "pool %.64s has pool-start %lld, pool-max %lld, job-max %lld until the next reload",
        name_of(settings) ? name_of(settings) : "default", number_of(header, "pool_start"),
        number_of(header, "pool_max"), number_of(header, "job_max"));
    json_decref(header);
    return status;
}

static int run_resize(const struct settings *settings)
{
    return ask_server(settings, ask_resize, print_resized);
}

const struct command cmd_pause = {
    .name = "pause",
    .arguments = "[POOL]",
    .arg_max = 1,
    .completes = VALUE_POOL,
    .kind = COMMAND_SERVER,
    .run = run_pause,
    .summary = "begin no further job",
    .help = "No further job of the pool begins, until resume; running jobs go on, and jobs\n"
            "are still taken. Without POOL, all pools are paused. With --queue, POOL is a\n"
            "module: none of its jobs is handed on.\n",
};

const struct command cmd_resume = {
    .name = "resume",
    .arguments = "[POOL]",
    .arg_max = 1,
    .completes = VALUE_POOL,
    .kind = COMMAND_SERVER,
    .run = run_resume,
    .summary = "begin jobs again",
    .help = "Undoes pause. Without POOL, all pools are resumed. With --queue, POOL is a\n"
            "module.\n",
};

const struct command cmd_resize = {
    .name = "resize",
    .arguments = "[POOL]",
    .arg_max = 1,
    .completes = VALUE_POOL,
    .kind = COMMAND_RESIZE,
    .check = check_resize,
    .run = run_resize,
    .summary = "change a pool until the next reload",
    .help = "Changes the numbers of a pool's workers and waiting jobs; without POOL, those\n"
            "of the pool default. The settings' own come back with the next reload.\n",
};
