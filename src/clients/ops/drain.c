/* drain: the server ends as on SIGTERM. */
#include "clients/ops/ops.h"

#include "clients/log.h"
#include "protocol/answer.h"

static const char *const words[] = {"fail", "run", NULL};

static const struct field fields[] = {
    {"waiting", FIELD_WORD, CLIENT_REQUEST_AT(waiting), .words = words},
    {0},
};

_Static_assert(WAITING_FAIL == 1 && WAITING_RUN == 2, "places of the words, from 1");

/* The answer goes first: the drain tells every connection. */
static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct clients_control *control = &session->clients->control;
    enum control_waiting waiting = client_request_of(request)->waiting;
    char who[CLIENT_LOG_NAME_MAX];
    answer_ok(dialogue, request);
    client_log_name(session, who);
    control->drain(control->arg, who, waiting);
    return VERDICT_FINE;
}

const struct operation client_op_drain = {
    .name = "drain",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
