/* all_settings: see all_settings.h. */
#include "all_settings.h"

#include "access/read.h"
#include "settings_check.h"
#include "startup/program_paths.h"

#include <stddef.h>
#include <unistd.h>

enum { OUTPUT_UNREAD_PARTS = 4 }; /* one of client-output-max may be unread while jobs begin */

/* In the order of --help. */
static const struct config_part parts[] = {
    {&client_listen_options, offsetof(struct settings, clients)},
    {&peers_options, offsetof(struct settings, clients.peers)},
    {&client_options, offsetof(struct settings, clients)},
    {&workers_options, offsetof(struct settings, workers)},
    {&pool_options, offsetof(struct settings, jobs.pool)},
    {&job_options, offsetof(struct settings, jobs)},
    {&module_options, offsetof(struct settings, modules)},
    {&shutdown_options, offsetof(struct settings, shutdown)},
    {&access_options, offsetof(struct settings, access)},
    {&identity_options, offsetof(struct settings, identity)},
    {&log_options, offsetof(struct settings, log)},
};

static void complete(void *arg, const struct config_args *args)
{
    struct settings *settings = arg;
    struct job_settings *jobs = &settings->jobs;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    program_paths_complete(args->program, &settings->workers.path, &settings->modules.dir);
    jobs->source_unread_max = jobs->source_output_max / OUTPUT_UNREAD_PARTS;
    jobs->processors = processors > 0 ? (uint32_t)processors : 0;
}

static int check(const struct config *config, void *settings, struct config_error *error)
{
    return settings_check(config, settings, error);
}

static int read_tokens(const struct config *config, void *arg, enum file_kind kind,
                       struct config_error *error)
{
    return access_read(config, &((struct settings *)arg)->access, kind, error);
}

static void release(void *settings)
{
    token_set_free(&((struct settings *)settings)->access.tokens);
}

const struct config_schema settings_schema = {
    .program = "taskmasterd",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .size = sizeof(struct settings),
    .complete = complete,
    .check = check,
    .read = read_tokens,
    .release = release,
};
