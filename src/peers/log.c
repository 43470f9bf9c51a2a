/* log: see log.h. */
#include "peers/log.h"
#include "peers/peers_internal.h"

#include "common/log.h"

#include <stdio.h>

void peers_log_init(struct peers_log *log, struct timers *timers)
{
    log_limit_init(&log->errors, timers, LOG_INFO, "client-error");
    log_limit_init(&log->truncated, timers, LOG_INFO, "client-truncated");
    log_limit_init(&log->dropped, timers, LOG_WARN, "client-dropped");
    log_limit_init(&log->refused, timers, LOG_ERROR, "client-refused");
}

void peers_log_free(struct peers_log *log)
{
    log_limit_end(&log->errors);
    log_limit_end(&log->truncated);
    log_limit_end(&log->dropped);
    log_limit_end(&log->refused);
}

void peers_log_name(struct peer *peer, char name[PEERS_LOG_NAME_MAX])
{
    const char *owner = peer_grant(peer)->name;
    snprintf(name, PEERS_LOG_NAME_MAX, "client %s%s%s%s", peer->name, owner ? " (" : "",
             owner ? owner : "", owner ? ")" : "");
}

void peers_log_error(const struct peer *peer, const char *code, const char *message)
{
    if (log_limit_allows(&peer->peers->log.errors))
        log_event(LOG_INFO, "client-error", LOG_STR("client", peer->name), LOG_STR("code", code),
                  LOG_STR("message", message));
}

void peers_log_truncated(const struct peer *peer, const char *what)
{
    if (log_limit_allows(&peer->peers->log.truncated))
        log_event(LOG_INFO, "client-truncated", LOG_STR("client", peer->name),
                  LOG_STR("what", what));
}

void peers_log_dropped(const struct peer *peer, const char *why, const char *hint)
{
    if (log_limit_allows(&peer->peers->log.dropped))
        log_event(LOG_WARN, "client-dropped", LOG_STR("client", peer->name), LOG_STR("why", why),
                  LOG_UINT("jobs", peer->peers->ops->jobs(peer)),
                  LOG_UINT("bytes_unread", peer->conn.output_len), LOG_STR("hint", hint));
}

void peers_log_refused(struct peers *peers, const char *client, const char *why)
{
    if (log_limit_allows(&peers->log.refused))
        log_event(LOG_ERROR, "client-refused", LOG_STR("client", client), LOG_STR("why", why),
                  LOG_UINT("clients", peers->open));
}
