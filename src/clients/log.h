/* log: lines of the log about services. Clients can cause them, so they have a rate. */
#ifndef TASKMASTER_CLIENTS_LOG_H
#define TASKMASTER_CLIENTS_LOG_H

#include "base/log_limit.h"

struct client_service;
struct job;

struct client_log {
    struct log_limit service_dropped;
};

void client_log_init(struct client_log *log, struct timers *timers);
void client_log_free(struct client_log *log);

/* service-dropped: the end of a job for a service had no owner to go to. */
void client_log_service_dropped(const struct client_service *service, const struct job *job);

#endif
