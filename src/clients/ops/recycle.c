/* recycle: workers are replaced, each after its job, a few at a time. */
#include "clients/ops/ops.h"

#include "common/log.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "protocol/answer.h"

enum { POOL, WORKER, FIELDS };

static const struct field fields[] = {
    [POOL] = {"pool", FIELD_STRING, CLIENT_REQUEST_AT(pool), .min = 1, .max = POOL_NAME_MAX,
              .noun = "a pool's name"},
    [WORKER] = {"worker", FIELD_UINT, CLIENT_REQUEST_AT(worker), .max = UINT32_MAX},
    [FIELDS] = {0},
};

static enum verdict check(struct dialogue *dialogue, struct request *request)
{
    (void)dialogue;
    if (!request_has(request, &fields[POOL]) || !request_has(request, &fields[WORKER]))
        return VERDICT_FINE;
    return request_refuse(request, "bad-request",
                          "recycle takes a field pool or a field worker, not both");
}

static size_t recycle_pool(const struct client_session *session, struct dispatcher *d)
{
    module_table_try_again(clients_of(session)->modules, d->name);
    return dispatcher_recycle(d);
}

static size_t recycle_all(const struct client_session *session)
{
    struct dispatcher *d;
    size_t workers = 0;
    module_table_try_again(clients_of(session)->modules, NULL);
    POOLS_EACH (d, clients_of(session)->pools)
        workers += dispatcher_recycle(d);
    return workers;
}

/* Recycles what the request names. Returns whether there is such a thing; `workers`: how many end.
 */
static bool recycle(const struct client_session *session, struct request *request, size_t *workers)
{
    struct worker *worker;
    struct dispatcher *d;
    if (request_has(request, &fields[WORKER])) {
        if (!(worker = client_op_worker(session, request)))
            return false;
        *workers = dispatcher_recycle_worker(worker);
    } else if (request_has(request, &fields[POOL])) {
        if (!(d = client_op_pool(session, request)))
            return false;
        *workers = recycle_pool(session, d);
    } else {
        *workers = recycle_all(session);
    }
    return true;
}

static void log_recycle(struct client_session *session, const struct request *request,
                        size_t workers)
{
    const struct client_request *own = client_request_of(request);
    log_event(LOG_INFO, "recycle", LOG_STR("client", session->peer.name),
              LOG_STR_OPT("owner", peer_grant(&session->peer)->name),
              LOG_STR_OPT("pool", own->pool.len ? own->pool.text : NULL),
              LOG_UINT_OPT("worker", own->worker), LOG_UINT("workers", workers));
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    struct event_writer event;
    size_t workers;
    if (!recycle(session, request, &workers))
        return VERDICT_REFUSED;
    log_recycle(session, request, workers);
    answer_begin_ok(&event, dialogue, request);
    event_uint(&event, "workers", workers);
    event_end(&event);
    return VERDICT_FINE;
}

const struct operation client_op_recycle = {
    .name = "recycle",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .check = check,
    .run = run,
};
