/* pause, resume: no further job of a pool begins, or jobs begin again. */
#include "clients/ops/ops.h"

#include "common/log.h"
#include "jobs/pools.h"
#include "protocol/answer.h"

static const struct field fields[] = {
    {"pool", FIELD_STRING, CLIENT_REQUEST_AT(pool), .min = 1, .max = POOL_NAME_MAX,
     .noun = "a pool's name"},
    {0},
};

/* Returns whether the pool was paused before. */
static bool change(struct client_session *session, struct dispatcher *d, bool pause)
{
    bool was = pause ? dispatcher_pause(d) : dispatcher_resume(d);
    if (was != pause)
        log_event(LOG_INFO, pause ? "pool-paused" : "pool-resumed", LOG_STR("pool", d->name),
                  LOG_STR("client", session->peer.name),
                  LOG_STR_OPT("owner", peer_grant(&session->peer)->name),
                  LOG_UINT("waiting", dispatcher_waiting(d)), LOG_UINT("running", d->running));
    return was;
}

/* Returns whether all were paused before. A removed pool is not paused: its last jobs are to run.
 */
static bool change_all(struct client_session *session, bool pause)
{
    struct dispatcher *d;
    bool were = true;
    POOLS_EACH (d, clients_of(session)->pools)
        if (!d->removal.removed)
            were &= change(session, d, pause);
    return were;
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    bool pause = request->operation == &client_op_pause, was;
    struct dispatcher *d = NULL;
    struct event_writer event;
    if (request_has(request, fields) && !(d = client_op_pool(session, request)))
        return VERDICT_REFUSED;
    was = d ? change(session, d, pause) : change_all(session, pause);
    answer_begin_ok(&event, dialogue, request);
    event_bool(&event, "was", was);
    event_end(&event);
    return VERDICT_FINE;
}

const struct operation client_op_pause = {
    .name = "pause",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run,
};

const struct operation client_op_resume = {
    .name = "resume",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
