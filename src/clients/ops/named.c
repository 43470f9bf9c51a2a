/* named: pools and workers named by the operator's requests. */
#include "clients/ops/ops.h"

#include "jobs/pools.h"

#include <inttypes.h>

struct dispatcher *client_op_pool(const struct client_session *session, struct request *request)
{
    const char *name = client_request_of(request)->pool.text;
    struct dispatcher *d = pools_named(session->clients->pools, name);
    if (d && !d->removal.removed)
        return d;
    request_refuse(request, "unknown-pool", "there is no pool %s", name);
    return NULL;
}

struct worker *client_op_worker(const struct client_session *session, struct request *request)
{
    uint32_t id = client_request_of(request)->worker;
    struct worker *worker = pools_worker(session->clients->pools, id);
    if (!worker)
        request_refuse(request, "unknown-worker",
                       "there is no worker %" PRIu32 "; it may have ended", id);
    return worker;
}
