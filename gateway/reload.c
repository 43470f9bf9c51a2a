/* reload: see reload.h. */
#include "gateway/reload.h"

#include "common/log.h"

/* Beside those of connections: listeners, the log, the connections for all calls. */
enum { OWN_FILES = 64 };

/* Each connection may have a stream to a daemon. */
static void check_files(struct reload *reload)
{
    uint64_t limit = reload->file_limit;
    uint64_t wanted = 2ull * reload->settings->http.connection_max + OWN_FILES;
    if (limit && limit < wanted && wanted > reload->files_wanted)
        log_event(LOG_WARN, "few-files", LOG_UINT("limit", limit), LOG_UINT("wanted", wanted),
                  LOG_STR("hint", "connection-max may not be reached; raise the limit of open "
                                  "files"));
    reload->files_wanted = wanted;
}

void reload_set_file_limit(struct reload *reload, uint64_t limit)
{
    reload->file_limit = limit;
    check_files(reload);
}

static void configure_upstreams(struct reload *reload, const struct server_settings *settings)
{
    if (reload->master)
        upstream_configure(reload->master, &settings->tokens);
    if (reload->queue)
        upstream_configure(reload->queue, &settings->queue_tokens);
}

static bool is_revoked(const void *access, const struct http_exchange *exchange)
{
    return gateway_access_is_revoked(access, exchange);
}

/* Requests whose token is gone, or has less rights, end as if their clients had gone. */
static void configure_server(struct reload *reload, const struct gateway_settings *settings)
{
    if (!reload->server)
        return;
    http_server_configure(reload->server, &settings->http);
    http_server_cut(reload->server, is_revoked, reload->access);
}

void reload_apply(struct reload *reload, struct config *config)
{
    const struct gateway_settings *settings = gateway_settings_of(config);
    struct config *before = reread_swap(&reload->reread, config);
    log_configure(settings->log.level, settings->log.format);
    reload->bodies->max = settings->http.body_total_max;
    reload->output->max = settings->http.output_total_max;
    gateway_access_configure(reload->access, &settings->access);
    configure_server(reload, settings);
    configure_upstreams(reload, &settings->server);
    reload->shutdown->settings = &settings->end;
    reload->settings = settings;
    config_free(before);
    check_files(reload);
}

void reload_free(struct reload *reload)
{
    config_free(reload->reread.config);
    reload->reread.config = NULL;
}

static void run(struct reload *reload)
{
    const struct config_args *args = reload->reread.args;
    const struct reread_changes *changes = &reload->reread.changes;
    struct config *config = reread_load(&reload->reread);
    if (!config)
        return;
    reload_apply(reload, config);
    log_event(LOG_INFO, "reload", LOG_STR("file", args->file ? args->file : "-"),
              LOG_STR("changed", changes->count ? changes->text : NULL));
}

void reload_run(struct reload *reload)
{
    notify_reloading(reload->notify);
    run(reload);
    notify_reloaded(reload->notify);
}
