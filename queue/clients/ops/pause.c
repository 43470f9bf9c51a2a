/* pause, resume: nothing of a module, or nothing at all, is handed on, or is again. */
#include "queue/clients/ops/ops.h"

#include "common/log.h"

static const struct field fields[] = {
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

struct pausing {
    struct queue_asked asked;
    bool was;
};

static void tell(const struct pausing *pausing)
{
    struct event_writer event;
    queue_asked_begin_ok(&event, &pausing->asked);
    event_bool(&event, "was", pausing->was);
    event_end(&event);
}

static void on_answered(void *arg, bool is_stored)
{
    struct pausing *pausing = arg;
    if (queue_asked_is_heard(&pausing->asked) && is_stored)
        tell(pausing);
    else if (queue_asked_is_heard(&pausing->asked))
        queue_asked_refuse_storage(&pausing->asked);
    queue_asked_end(&pausing->asked);
}

static void log_pause(struct queue_session *session, const char *what, const char *module)
{
    log_event(LOG_INFO, what, LOG_STR_OPT("module", module), LOG_STR("client", session->peer.name),
              LOG_STR_OPT("owner", peer_grant(&session->peer)->name));
}

static enum verdict change(struct dialogue *dialogue, const struct request *request, bool on)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    const struct peer_request *own = peer_request_of(request);
    const char *module = own->module.len ? own->module.text : NULL;
    struct keep *keep = queue_session_keep(session);
    struct pausing *pausing = queue_asked_new(sizeof *pausing, session, request, true, NULL);
    pausing->was = keep_is_paused(keep, module);
    if (pausing->was != on)
        log_pause(session, on ? "queue-paused" : "queue-resumed", module);
    keep_pause(keep, module, on, on_answered, pausing);
    return VERDICT_FINE;
}

static enum verdict run_pause(struct dialogue *dialogue, struct request *request)
{
    return change(dialogue, request, true);
}

static enum verdict run_resume(struct dialogue *dialogue, struct request *request)
{
    return change(dialogue, request, false);
}

const struct operation queue_op_pause = {
    .name = "pause",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run_pause,
};

const struct operation queue_op_resume = {
    .name = "resume",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run_resume,
};
