/* client_log: see log.h. */
#include "clients/log.h"
#include "clients/clients_internal.h"

#include "clients/tokens.h"
#include "common/log.h"

#include <stdio.h>

void client_log_init(struct client_log *log, struct timers *timers)
{
    log_limit_init(&log->errors, timers, LOG_INFO, "client-error");
    log_limit_init(&log->truncated, timers, LOG_INFO, "client-truncated");
    log_limit_init(&log->dropped, timers, LOG_WARN, "client-dropped");
    log_limit_init(&log->refused, timers, LOG_ERROR, "client-refused");
    log_limit_init(&log->service_dropped, timers, LOG_WARN, "service-dropped");
}

void client_log_free(struct client_log *log)
{
    log_limit_end(&log->errors);
    log_limit_end(&log->truncated);
    log_limit_end(&log->dropped);
    log_limit_end(&log->refused);
    log_limit_end(&log->service_dropped);
}

void client_log_name(struct client_session *session, char name[CLIENT_LOG_NAME_MAX])
{
    const char *owner = client_tokens_grant(session)->name;
    snprintf(name, CLIENT_LOG_NAME_MAX, "client %s%s%s%s", session->name, owner ? " (" : "",
             owner ? owner : "", owner ? ")" : "");
}

void client_log_error(const struct client_session *session, const char *code, const char *message)
{
    if (log_limit_allows(&session->clients->log.errors))
        log_event(LOG_INFO, "client-error", LOG_STR("client", session->name), LOG_STR("code", code),
                  LOG_STR("message", message));
}

void client_log_truncated(const struct client_session *session, const char *what)
{
    if (log_limit_allows(&session->clients->log.truncated))
        log_event(LOG_INFO, "client-truncated", LOG_STR("client", session->name),
                  LOG_STR("what", what));
}

void client_log_dropped(const struct client_session *session, const char *why, const char *hint)
{
    if (log_limit_allows(&session->clients->log.dropped))
        log_event(LOG_WARN, "client-dropped", LOG_STR("client", session->name), LOG_STR("why", why),
                  LOG_UINT("jobs", session->source.job_count),
                  LOG_UINT("bytes_unread", session->conn.output_len), LOG_STR("hint", hint));
}

void client_log_refused(struct clients *clients, const char *client, const char *why)
{
    if (log_limit_allows(&clients->log.refused))
        log_event(LOG_ERROR, "client-refused", LOG_STR("client", client), LOG_STR("why", why),
                  LOG_UINT("clients", clients->open));
}

void client_log_service_dropped(const struct client_service *service, const struct job *job)
{
    struct clients *clients = service->clients;
    char name[JOB_TEXT_MAX];
    if (log_limit_allows(&clients->log.service_dropped))
        log_event(LOG_WARN, "service-dropped", LOG_STR("service", service->name),
                  LOG_STR("job", job_name(job, clients->boot, name)),
                  LOG_STR_OPT("owner", job_owner(job)),
                  LOG_STR("why", "no client has the service, and no other one takes its events"),
                  LOG_UINT("dropped", service->dropped));
}
