/* drain: the server ends as on SIGTERM. */
#include "clients/ops/ops.h"

#include "clients/tokens.h"
#include "protocol/answer.h"

#include <stdio.h>

static const char *const words[] = {"fail", "run", NULL};

static const struct field fields[] = {
    {"waiting", FIELD_WORD, CLIENT_REQUEST_AT(waiting), .words = words},
    {0},
};

_Static_assert(WAITING_FAIL == 1 && WAITING_RUN == 2, "places of the words, from 1");

/* "7@127.0.0.1:4711 (deploy)". */
static void name_asker(struct client_session *session, char *text, size_t size)
{
    const char *owner = client_tokens_grant(session)->name;
    snprintf(text, size, "client %s%s%s%s", session->name, owner ? " (" : "", owner ? owner : "",
             owner ? ")" : "");
}

/* The answer goes first: the drain tells every connection. */
static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct clients_control *control = &session->clients->control;
    enum control_waiting waiting = client_request_of(request)->waiting;
    struct event_writer event;
    char who[256];
    answer_begin_ok(&event, dialogue, request);
    event_end(&event);
    name_asker(session, who, sizeof who);
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
