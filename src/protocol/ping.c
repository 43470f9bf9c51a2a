/* ping: see ping.h. */
#include "protocol/ping.h"

#include "protocol/answer.h"

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct event_writer event;
    answer_begin(&event, dialogue, request, "pong");
    event_end(&event);
    return VERDICT_FINE;
}

const struct operation ping_operation = {.name = "ping", .run = run};
