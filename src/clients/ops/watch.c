/* watch: the connection is told of everything that happens. */
#include "clients/ops/ops.h"

#include "clients/watch.h"

#include <stdio.h>

static const char *const words[] = {"jobs", "workers", "pools", "clients", NULL};

_Static_assert(WATCH_JOBS == 1 && WATCH_WORKERS == 2 && WATCH_POOLS == 4 && WATCH_CLIENTS == 8,
               "bits of the words");

static const struct field fields[] = {
    {"what", FIELD_WORDS, FIELD_REQUIRED, PEER_REQUEST_AT(what), .words = words},
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {"pool", FIELD_STRING, CLIENT_REQUEST_AT(pool), .min = 1, .max = POOL_NAME_MAX,
     .noun = "a pool's name"},
    {0},
};

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    const struct client_request *own = client_request_of(request);
    struct client_watch *watch =
        (struct client_watch *)peer_watch(dialogue, request, sizeof *watch);
    if (!watch)
        return VERDICT_REFUSED;
    snprintf(watch->module, sizeof watch->module, "%s", own->peer.module.text);
    snprintf(watch->pool, sizeof watch->pool, "%s", own->pool.text);
    return VERDICT_FINE;
}

const struct operation client_op_watch = {
    .name = "watch",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
