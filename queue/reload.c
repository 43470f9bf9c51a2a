/* reload: see reload.h. */
#include "queue/reload.h"

#include "base/file_room.h"
#include "common/log.h"

/* Files that the store has open at most, as file_room counts: in workers. */
enum { STORE_FILES_AS_WORKERS = 8 };

/* The log tells of a lack of files, each time it is larger than before. */
static void share_files(struct reload *reload)
{
    uint64_t limit = reload->file_limit;
    struct file_room room =
        file_room_share(limit, reload->settings->peers.client_max, STORE_FILES_AS_WORKERS);
    reload->clients->peers.files_max = room.clients;
    if (limit && limit < room.wanted && room.wanted > reload->files_wanted)
        log_event(LOG_WARN, "few-files", LOG_UINT("limit", limit), LOG_UINT("wanted", room.wanted),
                  LOG_UINT("clients", room.clients),
                  LOG_STR("hint", "client-max may not be reached; raise the limit of open files"));
    reload->files_wanted = room.wanted;
}

void reload_set_file_limit(struct reload *reload, uint64_t limit)
{
    reload->file_limit = limit;
    share_files(reload);
}

void reload_apply(struct reload *reload, struct config *config)
{
    const struct queue_settings *settings = queue_settings_of(config);
    struct config *before = reread_swap(&reload->reread, config);
    log_configure(settings->log.level, settings->log.format);
    reload->payloads->max = settings->peers.payload_total_max;
    reload->output->max = settings->peers.output_total_max;
    peers_configure(&reload->clients->peers, &settings->peers, &settings->access);
    reload->clients->settings = &settings->keep;
    keeping_configure(reload->keeping, settings);
    reload->shutdown->settings = &settings->end;
    reload->settings = settings;
    share_files(reload);
    config_free(before);
}

/* The answer to a client's reload is its own event, behind the request's. */
static void on_decided(void *arg)
{
    struct reload *reload = arg;
    peers_reloaded(&reload->clients->peers, NULL);
}

void reload_init(struct reload *reload)
{
    timer_init(&reload->decided, on_decided, reload);
}

void reload_free(struct reload *reload)
{
    config_free(reload->reread.config);
    reload->reread.config = NULL;
}

static bool run(struct reload *reload)
{
    const struct config_args *args = reload->reread.args;
    const struct reread_changes *changes = &reload->reread.changes;
    struct config *config = reread_load(&reload->reread);
    if (!config)
        return false;
    reload_apply(reload, config);
    timer_set_next(reload->timers, &reload->decided);
    log_event(LOG_INFO, "reload", LOG_STR("file", args->file ? args->file : "-"),
              LOG_STR("changed", changes->count ? changes->text : NULL));
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
