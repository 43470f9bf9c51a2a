/* cmd_pool: pause, resume and resize, for one pool. Without a name, pause and resume mean all
 * pools, and resize the pool "default". */
#include "ask.h"
#include "command.h"
#include "complain.h"
#include "output.h"

/* NULL: none named. */
static const char *pool_of(const struct settings *settings)
{
    return settings->arg_count > 0 ? settings->args[0] : NULL;
}

/* ---- pause, resume ---- */

static bool was_paused(const tm_client_event *answer)
{
    json_t *header = ask_load_header(answer);
    bool was = json_is_true(json_object_get(header, "was"));
    json_decref(header);
    return was;
}

/* "pool reports is paused", "all pools are paused". Returns the exit status. */
static int print_state(const struct settings *settings, const char *verb_of_one,
                       const char *verb_of_all, const char *state)
{
    if (pool_of(settings))
        return output_print_line(settings, "pool %.64s %s %s", pool_of(settings), verb_of_one,
                                 state);
    return output_print_line(settings, "all pools %s %s", verb_of_all, state);
}

static tm_client_status ask_pause(tm_client *client, const struct settings *settings,
                                  int timeout_ms, tm_client_event **answer)
{
    return tm_client_pause(client, pool_of(settings), timeout_ms, answer);
}

static int print_paused(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    if (was_paused(answer))
        return print_state(settings, "was", "were", "paused already");
    return print_state(settings, "is", "are", "paused");
}

static int run_pause(const struct settings *settings)
{
    return ask_server(settings, ask_pause, print_paused);
}

static tm_client_status ask_resume(tm_client *client, const struct settings *settings,
                                   int timeout_ms, tm_client_event **answer)
{
    return tm_client_resume(client, pool_of(settings), timeout_ms, answer);
}

/* Of all pools, some may have been paused. */
static int print_resumed(const struct settings *settings, const tm_client_event *answer)
{
    if (settings->json)
        return ask_print_event(settings, answer);
    if (pool_of(settings) && !was_paused(answer))
        return print_state(settings, "was", "were", "not paused");
    return print_state(settings, "is", "are", "resumed");
}

static int run_resume(const struct settings *settings)
{
    return ask_server(settings, ask_resume, print_resumed);
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
    return tm_client_resize(client, pool_of(settings), &settings->size, timeout_ms, answer);
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
        pool_of(settings) ? pool_of(settings) : "default", number_of(header, "pool_start"),
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
            "are still taken. Without POOL, all pools are paused.\n",
};

const struct command cmd_resume = {
    .name = "resume",
    .arguments = "[POOL]",
    .arg_max = 1,
    .completes = VALUE_POOL,
    .kind = COMMAND_SERVER,
    .run = run_resume,
    .summary = "begin jobs again",
    .help = "Undoes pause. Without POOL, all pools are resumed.\n",
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
