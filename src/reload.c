/* reload: see reload.h. */
#include "reload.h"

#include "base/file_room.h"
#include "closed.h"
#include "common/log.h"
#include "startup/check.h"

#include <stdio.h>

enum { ERROR_MAX = 512 };

/* The log tells of a lack of files, each time it is larger than before. */
static void share_files(struct reload *reload)
{
    uint64_t limit = reload->file_limit;
    struct file_room room = file_room_share(limit, reload->settings->clients.client_max,
                                            job_settings_workers_max(&reload->settings->jobs));
    reload->clients->files_max = room.clients;
    reload->workers->unauthenticated_max = room.unauthenticated;
    if (!limit)
        return;
    if (limit < room.wanted && room.wanted > reload->files_wanted)
        log_event(
            LOG_WARN, "few-files", LOG_UINT("limit", limit), LOG_UINT("wanted", room.wanted),
            LOG_UINT("clients", room.clients),
            LOG_STR("hint",
                    "client-max and pool-max may not be reached; raise the limit of open files"));
    reload->files_wanted = room.wanted;
}

void reload_set_file_limit(struct reload *reload, uint64_t limit)
{
    reload->file_limit = limit;
    share_files(reload);
}

void reload_apply(struct reload *reload, struct config *config)
{
    const struct settings *settings = settings_of(config);
    struct config *before = reload->config;
    log_configure(settings->log.level, settings->log.format);
    closed_set(settings->jobs.allow_debug);
    reload->payloads->max = settings->clients.payload_total_max;
    reload->output->max = settings->clients.output_total_max;
    module_table_configure(reload->modules, &settings->modules);
    clients_configure(reload->clients, &settings->clients, &settings->access);
    workers_configure(reload->workers, &settings->workers, &settings->modules, &settings->jobs,
                      settings->log.level);
    reload->shutdown->settings = &settings->shutdown;
    reload->config = config;
    reload->settings = settings;
    share_files(reload);
    config_free(before);
}

void reload_free(struct reload *reload)
{
    config_free(reload->config);
    reload->config = NULL;
}

/* The keys of changed settings, separated by commas. The log cuts a long list. */
struct changes {
    char keys[LOG_VALUE_MAX + 64];
    size_t len;
};

static void note_change(const char *key, void *arg)
{
    struct changes *changes = arg;
    size_t room = sizeof changes->keys - changes->len;
    int n = snprintf(changes->keys + changes->len, room, "%s%s", changes->len ? "," : "", key);
    changes->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void say_fixed(const char *key, void *arg)
{
    (void)arg;
    log_event(LOG_WARN, "reload-ignored", LOG_STR("key", key),
              LOG_STR("why", "a change of this setting needs a restart"));
}

static void say_finding(void *arg, enum finding finding, const char *text)
{
    (void)arg;
    if (finding == FINDING_FAULT)
        log_event(LOG_ERROR, "reload-failed", LOG_STR("why", text),
                  LOG_STR("hint", "the settings from before stay in force"));
    else
        log_event(LOG_WARN, "settings", LOG_STR("why", text));
}

/* Looks at the machine. Returns false after a fault, told in the log. */
static bool is_usable(const struct reload *reload, const struct config *config)
{
    const struct settings *settings = settings_of(config);
    const struct startup_check check = {.config = config, .tell = say_finding};
    if (!startup_check_paths(&check, settings->workers.path, settings->modules.dir,
                             reload->identity))
        return false;
    startup_check_tokens(&check, &settings->access);
    return true;
}

/* NULL after a fault, told in the log. */
static struct config *load_again(const struct reload *reload)
{
    char error[ERROR_MAX];
    struct config *config =
        config_reload(reload->config, reload->args, say_fixed, NULL, NULL, error, sizeof error);
    if (!config)
        say_finding(NULL, FINDING_FAULT, error);
    if (config && is_usable(reload, config))
        return config;
    config_free(config);
    return NULL;
}

void reload_run(struct reload *reload)
{
    struct changes changes = {.len = 0};
    struct config *config = load_again(reload);
    if (!config)
        return;
    config_changes(reload->config, config, note_change, &changes);
    reload_apply(reload, config);
    pools_configure(reload->pools, &reload->settings->jobs, true);
    log_event(LOG_INFO, "reload", LOG_STR("file", reload->args->file ? reload->args->file : "-"),
              LOG_STR("changed", changes.len ? changes.keys : NULL),
              LOG_UINT("workers", pools_workers(reload->pools)));
}
