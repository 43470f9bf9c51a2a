/* access_log: a line of the log for each request, once its response is written. */
#ifndef TASKMASTER_GATEWAY_ACCESS_LOG_H
#define TASKMASTER_GATEWAY_ACCESS_LOG_H

struct http_exchange;

void access_log_write(const struct http_exchange *exchange);

#endif
