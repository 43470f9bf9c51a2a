/* reload: see reload.h. */
#include "reload.h"

#include "base/file_room.h"
#include "common/log.h"
#include "daemon/closed.h"

#include <stdio.h>
#include <string.h>

/* The log tells of a lack of files, each time it is larger than before. */
static void share_files(struct reload *reload)
{
    uint64_t limit = reload->file_limit;
    struct file_room room = file_room_share(limit, reload->settings->clients.peers.client_max,
                                            job_settings_workers_max(&reload->settings->jobs));
    reload->clients->peers.files_max = room.clients;
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
    struct config *before = reread_swap(&reload->reread, config);
    log_configure(settings->log.level, settings->log.format);
    closed_set(settings->jobs.allow_debug);
    reload->payloads->max = settings->clients.peers.payload_total_max;
    reload->output->max = settings->clients.peers.output_total_max;
    module_table_configure(reload->modules, &settings->modules);
    clients_configure(reload->clients, &settings->clients, &settings->access);
    workers_configure(reload->workers, &settings->workers, &settings->modules, &settings->jobs);
    job_log_configure(reload->job_log, settings->jobs.log_jobs);
    job_slow_configure(reload->slow, settings->jobs.slow_ms);
    reload->shutdown->settings = &settings->shutdown;
    reload->settings = settings;
    share_files(reload);
    config_free(before);
}

void reload_free(struct reload *reload)
{
    config_free(reload->reread.config);
    reload->reread.config = NULL;
}

/* --- whether the workers are replaced --- */

/* Once a pool could not replace its workers, or all have. */
static void on_decided(void *arg)
{
    struct reload *reload = arg;
    if (!reload->why[0] && pools_are_renewing(reload->pools))
        return;
    reload->undecided = false;
    peers_reloaded(&reload->clients->peers, reload->why[0] ? reload->why : NULL);
}

/* News of a pool. A turn later all pools are looked at: this may be amid the reload itself. */
static void on_renewal(void *arg, const char *why)
{
    struct reload *reload = arg;
    if (!reload->undecided)
        return;
    if (why && !reload->why[0])
        snprintf(reload->why, sizeof reload->why, "%s", why);
    timer_set_next(reload->timers, &reload->decided);
}

void reload_init(struct reload *reload, struct timers *timers)
{
    reload->timers = timers;
    reload->pools->shared.on_renewal = on_renewal;
    reload->pools->shared.renewal_arg = reload;
    timer_init(&reload->decided, on_decided, reload);
}

void reload_end(struct reload *reload)
{
    on_renewal(reload, "the server is shutting down");
}

/* --- the settings read again --- */

static void put_in_force(struct reload *reload, struct config *config)
{
    reload_apply(reload, config);
    timer_clear(reload->timers, &reload->decided);
    reload->undecided = true;
    reload->why[0] = '\0';
    pools_configure(reload->pools, &reload->settings->jobs, true);
}

static bool run(struct reload *reload)
{
    const struct config_args *args = reload->reread.args;
    const struct reread_changes *changes = &reload->reread.changes;
    struct config *config = reread_load(&reload->reread);
    if (!config)
        return false;
    put_in_force(reload, config);
    log_event(LOG_INFO, "reload", LOG_STR("file", args->file ? args->file : "-"),
              LOG_STR("changed", changes->count ? changes->text : NULL),
              LOG_UINT("workers", pools_workers(reload->pools)));
    return true;
}

/* The service manager sees the reload, whoever has asked for it. */
bool reload_run(struct reload *reload)
{
    notify_reloading(reload->notify);
    bool done = run(reload);
    notify_reloaded(reload->notify);
    return done;
}

bool reload_for_client(struct reload *reload, struct control_reload *told)
{
    bool done = reload_run(reload);
    reread_tell(&reload->reread, done, told);
    return done;
}
