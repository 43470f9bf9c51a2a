/* client_log: see log.h. */
#include "clients/log.h"
#include "clients/clients_internal.h"

#include "common/log.h"

void client_log_init(struct client_log *log, struct timers *timers)
{
    log_limit_init(&log->service_dropped, timers, LOG_WARN, "service-dropped");
}

void client_log_free(struct client_log *log)
{
    log_limit_end(&log->service_dropped);
}

void client_log_service_dropped(const struct client_service *service, const struct job *job)
{
    struct clients *clients = service->clients;
    char name[JOB_TEXT_MAX];
    if (log_limit_allows(&clients->log.service_dropped))
        log_event(LOG_WARN, "service-dropped", LOG_STR("service", service->name),
                  LOG_STR("job", job_name(job, clients->peers.boot, name)),
                  LOG_STR_OPT("owner", job_owner(job)),
                  LOG_STR("why", "no client has the service, and no other one takes its events"),
                  LOG_UINT("dropped", service->dropped));
}
