/* resize: another size of a pool, until the next reload. */
#include "clients/ops/ops.h"

#include "common/log.h"
#include "jobs/pools.h"
#include "protocol/answer.h"

#include <inttypes.h>

enum { POOL, POOL_START, POOL_MAX, JOB_MAX, FIELDS };

static const struct field fields[] = {
    [POOL] = {"pool", FIELD_STRING, CLIENT_REQUEST_AT(pool), .min = 1, .max = POOL_NAME_MAX,
              .noun = "a pool's name"},
    [POOL_START] = {"pool_start", FIELD_UINT, CLIENT_REQUEST_AT(size.pool_start),
                    .max = POOL_WORKERS_MAX},
    [POOL_MAX] = {"pool_max", FIELD_UINT, CLIENT_REQUEST_AT(size.pool_max), .min = 1,
                  .max = POOL_WORKERS_MAX},
    [JOB_MAX] = {"job_max", FIELD_UINT, CLIENT_REQUEST_AT(size.job_max), .max = POOL_JOBS_MAX},
    [FIELDS] = {0},
};

static enum verdict check(struct dialogue *dialogue, struct request *request)
{
    (void)dialogue;
    if (request->given >> POOL_START)
        return VERDICT_FINE;
    return request_refuse(request, "bad-request",
                          "resize needs a field pool_start, pool_max or job_max");
}

/* The sizes given, and those in force for the rest. */
static struct pool_size wanted(const struct request *request, const struct dispatcher *d)
{
    const struct pool_size *given = &client_request_of(request)->size;
    return (struct pool_size){
        request_has(request, &fields[POOL_START]) ? given->pool_start : d->limits.pool_start,
        request_has(request, &fields[POOL_MAX]) ? given->pool_max : d->limits.pool_max,
        request_has(request, &fields[JOB_MAX]) ? given->job_max : d->limits.job_max,
    };
}

/* The fault is told at a field that was given. */
static enum verdict refuse_order(struct request *request, const struct pool_size *size)
{
    if (request_has(request, &fields[POOL_START]))
        return request_refuse(request, "bad-request",
                              "field pool_start is %" PRIu32
                              "; expected an integer from 0 to pool_max, %" PRIu32,
                              size->pool_start, size->pool_max);
    return request_refuse(request, "bad-request",
                          "field pool_max is %" PRIu32
                          "; expected an integer from pool_start, %" PRIu32 ", to %d",
                          size->pool_max, size->pool_start, POOL_WORKERS_MAX);
}

static void write_size(struct event_writer *event, const struct pool_size *size)
{
    event_uint(event, "pool_start", size->pool_start);
    event_uint(event, "pool_max", size->pool_max);
    event_uint(event, "job_max", size->job_max);
    event_word(event, "until", "reload");
}

static void log_resized(struct client_session *session, const struct dispatcher *d)
{
    log_event(
        LOG_INFO, "pool-resized", LOG_STR("pool", d->name), LOG_STR("client", session->peer.name),
        LOG_STR_OPT("owner", peer_grant(&session->peer)->name),
        LOG_UINT("pool_start", d->limits.pool_start), LOG_UINT("pool_max", d->limits.pool_max),
        LOG_UINT("job_max", d->limits.job_max), LOG_STR("until", "reload"));
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    struct dispatcher *d = request_has(request, &fields[POOL]) ? client_op_pool(session, request)
                                                               : clients_of(session)->pools->first;
    struct event_writer event;
    if (!d)
        return VERDICT_REFUSED;
    const struct pool_size size = wanted(request, d);
    if (size.pool_start > size.pool_max)
        return refuse_order(request, &size);
    answer_begin_ok(&event, dialogue, request);
    write_size(&event, &size);
    event_end(&event);
    dispatcher_resize(d, &size);
    log_resized(session, d);
    return VERDICT_FINE;
}

const struct operation client_op_resize = {
    .name = "resize",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .check = check,
    .run = run,
};
