/* watch, unwatch: the connection is told of everything that happens, until it has enough. */
#include "clients/ops/ops.h"

#include "clients/watch.h"
#include "protocol/answer.h"

static const char *const words[] = {"jobs", "workers", "pools", "clients", NULL};

_Static_assert(WATCH_JOBS == 1 && WATCH_WORKERS == 2 && WATCH_POOLS == 4 && WATCH_CLIENTS == 8,
               "bits of the words");

static const struct field watch_fields[] = {
    {"what", FIELD_WORDS, FIELD_REQUIRED, CLIENT_REQUEST_AT(what), .words = words},
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {"pool", FIELD_STRING, CLIENT_REQUEST_AT(pool), .min = 1, .max = POOL_NAME_MAX,
     .noun = "a pool's name"},
    {0},
};

static enum verdict answer(struct dialogue *dialogue, const struct request *request, bool was)
{
    struct event_writer event;
    answer_begin_ok(&event, dialogue, request);
    event_bool(&event, "was", was);
    event_end(&event);
    return VERDICT_FINE;
}

/* The ok comes before the first event. */
static enum verdict run_watch(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct client_request *own = client_request_of(request);
    const struct client_watch_wish wish = {own->what, own->peer.module.text, own->pool.text};
    if (!own->what)
        return request_refuse(request, "bad-request", "watch needs a word in what at least");
    if (!session->watch && clients_of(session)->watches.count >= WATCHES_MAX)
        return request_refuse(request, "too-many", "the server has %d watches already",
                              WATCHES_MAX);
    enum verdict verdict = answer(dialogue, request, session->watch);
    client_watch_begin(session, &wish);
    return verdict;
}

static enum verdict run_unwatch(struct dialogue *dialogue, struct request *request)
{
    return answer(dialogue, request, client_watch_end(client_session_of_dialogue(dialogue)));
}

const struct operation client_op_watch = {
    .name = "watch",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .fields = watch_fields,
    .run = run_watch,
};

const struct operation client_op_unwatch = {
    .name = "unwatch",
    .is_feature = true,
    .run = run_unwatch,
};
