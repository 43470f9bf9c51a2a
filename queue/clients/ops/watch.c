/* watch: the connection is told of everything that happens. */
#include "queue/clients/ops/ops.h"

#include "queue/clients/news.h"

#include <stdio.h>

static const char *const words[] = {"jobs", "clients", NULL};

_Static_assert(WATCH_JOBS == 1 && WATCH_CLIENTS == 2, "bits of the words");

static const struct field fields[] = {
    {"what", FIELD_WORDS, FIELD_REQUIRED, PEER_REQUEST_AT(what), .words = words},
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct queue_watch *watch = (struct queue_watch *)peer_watch(dialogue, request, sizeof *watch);
    if (!watch)
        return VERDICT_REFUSED;
    snprintf(watch->module, sizeof watch->module, "%s", peer_request_of(request)->module.text);
    return VERDICT_FINE;
}

const struct operation queue_op_watch = {
    .name = "watch",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
