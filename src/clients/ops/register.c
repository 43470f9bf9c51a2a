/* register, unregister: names of the connection, under which results can be sent to it. */
#include "clients/ops/ops.h"

#include "clients/owner.h"
#include "clients/services.h"
#include "protocol/answer.h"

static const struct field fields[] = {
    {"name", FIELD_SERVICE, FIELD_REQUIRED, CLIENT_REQUEST_AT(name), .max = SERVICE_NAME_MAX},
    {0},
};

static enum verdict refuse_taken(struct request *request, const struct client_service *service)
{
    static struct fault_owner owner; /* until the error is written */
    owner = (struct fault_owner){service->owner->peer.number, peer_owner(&service->owner->peer)};
    request->owner = &owner;
    return request_refuse(request, "name-taken", "the service %s is of the client %s",
                          service->name, service->owner->peer.name);
}

static enum verdict refuse_another(struct request *request, const char *of, int count)
{
    return request_refuse(request, "too-many", "%s has %d services already", of, count);
}

/* The name is free. */
static enum verdict add(struct dialogue *dialogue, struct request *request, const char *name)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    if (session->service_count == SERVICES_EACH)
        return refuse_another(request, "this connection", SERVICES_EACH);
    if (clients_of(session)->services.registered_count == SERVICES_MAX)
        return refuse_another(request, "the server", SERVICES_MAX);
    answer_ok(dialogue, request);
    client_services_register(session, name);
    return VERDICT_FINE;
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const char *name = client_request_of(request)->name.text;
    if (!grant_allows(peer_grant(&session->peer), GRANT_SERVICE, name))
        return request_refuse(request, "denied",
                              "register needs the right serve:%s; this connection's token lacks it",
                              name);
    const struct client_service *service = client_services_find(clients_of(session), name);
    if (!service || !service->owner)
        return add(dialogue, request, name);
    if (service->owner != session)
        return refuse_taken(request, service);
    answer_ok(dialogue, request);
    return VERDICT_FINE;
}

static enum verdict run_unregister(struct dialogue *dialogue, struct request *request)
{
    const struct client_session *session = client_session_of_dialogue(dialogue);
    const char *name = client_request_of(request)->name.text;
    struct client_service *service = client_services_find(clients_of(session), name);
    if (!service || !service->owner)
        return request_refuse(request, "unknown-service", "no client has the service %s", name);
    if (service->owner != session)
        return request_refuse(request, "denied", "the service %s is of another client", name);
    answer_ok(dialogue, request);
    client_services_unregister(service);
    return VERDICT_FINE;
}

const struct operation client_op_register = {
    .name = "register",
    .right = RIGHT_SERVE,
    .is_feature = true,
    .fields = fields,
    .run = run,
};

const struct operation client_op_unregister = {
    .name = "unregister",
    .is_feature = true,
    .fields = fields,
    .run = run_unregister,
};
