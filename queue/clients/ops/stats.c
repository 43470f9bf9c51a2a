/* stats, workers, modules, nodes: the figures of the daemon, of the master, and of the other nodes,
 * as the payload of the answer. */
#include "queue/clients/ops/ops.h"

struct figures {
    struct queue_asked asked;
    struct queue_inquiry inquiry;
};

static void on_answered(struct queue_inquiry *inquiry, const struct queue_inquiry_answer *answer)
{
    struct figures *figures =
        (struct figures *)((char *)inquiry - offsetof(struct figures, inquiry));
    if (answer->payload)
        queue_asked_tell_payload(&figures->asked, answer->payload);
    else
        queue_asked_refuse(&figures->asked, answer->code, answer->message);
    queue_asked_end(&figures->asked);
}

static void forget(struct queue_asked *asked)
{
    const struct queue_inquiry_ops *ops = &queue_session_clients(asked->session)->inquiry;
    ops->forget(ops->arg, &((struct figures *)asked)->inquiry);
}

static enum verdict ask(struct dialogue *dialogue, const struct request *request,
                        enum queue_inquiry_kind kind)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    const struct queue_inquiry_ops *ops = &queue_session_clients(session)->inquiry;
    struct figures *figures = queue_asked_new(sizeof *figures, session, request, true, forget);
    figures->inquiry.kind = kind;
    figures->inquiry.answered = on_answered;
    ops->ask(ops->arg, &figures->inquiry);
    return VERDICT_FINE;
}

static enum verdict run_stats(struct dialogue *dialogue, struct request *request)
{
    return ask(dialogue, request, INQUIRY_STATS);
}

static enum verdict run_workers(struct dialogue *dialogue, struct request *request)
{
    return ask(dialogue, request, INQUIRY_WORKERS);
}

static enum verdict run_modules(struct dialogue *dialogue, struct request *request)
{
    return ask(dialogue, request, INQUIRY_MODULES);
}

static enum verdict run_nodes(struct dialogue *dialogue, struct request *request)
{
    return ask(dialogue, request, INQUIRY_NODES);
}

const struct operation queue_op_stats = {
    .name = "stats",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run_stats,
};

const struct operation queue_op_workers = {
    .name = "workers",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run_workers,
};

const struct operation queue_op_modules = {
    .name = "modules",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run_modules,
};

const struct operation queue_op_nodes = {
    .name = "nodes",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run_nodes,
};
