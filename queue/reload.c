/* reload: see reload.h. */
#include "queue/reload.h"

#include "common/log.h"

void reload_apply(struct reload *reload, struct config *config)
{
    const struct queue_settings *settings = queue_settings_of(config);
    struct config *before = reread_swap(&reload->reread, config);
    log_configure(settings->log.level, settings->log.format);
    reload->payloads->max = settings->peers.payload_total_max;
    reload->output->max = settings->peers.output_total_max;
    peers_configure(&reload->clients->peers, &settings->peers, &settings->access);
    reload->clients->settings = &settings->keep;
    if (reload->keep)
        keep_configure(reload->keep, &settings->keep);
    if (reload->link)
        master_link_configure(reload->link, &settings->master);
    reload->shutdown->settings = &settings->end;
    reload->settings = settings;
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

bool reload_run(struct reload *reload)
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

bool reload_for_client(struct reload *reload, struct control_reload *told)
{
    bool done = reload_run(reload);
    reread_tell(&reload->reread, done, told);
    return done;
}
