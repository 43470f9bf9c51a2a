/*
 * access_log: see access_log.h.
 *
 * The query and the headers are left out: they may hold what is nobody's business.
 */
#include "gateway/access_log.h"

#include "common/log.h"
#include "gateway/access/access.h"
#include "gateway/http/exchange.h"

/* A request that was not admitted has no user. */
static const char *name_of(struct http_exchange *exchange)
{
    return http_exchange_public(exchange)->user ? gateway_access_name(exchange) : NULL;
}

void access_log_write(const struct http_exchange *exchange)
{
    struct http_exchange *same = (struct http_exchange *)exchange;
    const struct http_request *request = http_request(same);
    const struct http_outcome outcome = http_exchange_outcome(exchange);
    log_event(LOG_INFO, "request", LOG_STR("peer", http_exchange_peer(exchange)),
              LOG_STR_OPT("user", name_of(same)), LOG_STR("method", request->method_name),
              LOG_STR("path", request->path), LOG_UINT("status", outcome.status),
              LOG_UINT("bytes", outcome.bytes), LOG_UINT("us", outcome.took_us),
              LOG_STR_OPT("job", http_exchange_public(same)->label),
              LOG_STR_OPT("end", outcome.is_gone ? "client-gone" : NULL));
}
