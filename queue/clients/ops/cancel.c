/*
 * cancel, kill: end a job, named by its submitter's id or by the queue's own, or all jobs of a
 * selection.
 *
 * The end of a waiting job, and the wish to end a handed one, are written before the answer.
 */
#include "queue/clients/ops/ops.h"

#include "protocol/answer.h"
#include "queue/clients/ops/selections.h"
#include "queue/clients/replies.h"

static const struct field selected[] = {
    QUEUE_OP_FILTER_FIELDS, QUEUE_OP_STATE_FIELD(queue_state_unfinished), {0}};

enum { JOB, TARGET, SELECT }; /* rows */

#define FIELDS(word)                                                                              \
    {                                                                                             \
        [JOB] = QUEUE_OP_JOB_FIELD(FIELD_ONE_OF), [TARGET] = QUEUE_OP_TARGET_FIELD(FIELD_ONE_OF), \
        [SELECT] = {"select",           FIELD_OBJECT,           FIELD_ONE_OF,                     \
                    .fields = selected, .right = RIGHT_CONTROL, .feature = (word)},               \
        {0},                                                                                      \
    }

static const struct field cancel_fields[] = FIELDS("cancel-select");
static const struct field kill_fields[] = FIELDS("kill-select");

static void tell(struct queue_job_ask *job_ask, const struct kept *job)
{
    struct event_writer event;
    queue_asked_begin_ok(&event, &job_ask->asked);
    job_name_write(&event, kept_seq(job));
    event_word(&event, "state", queue_state_words[job_ask->state]);
    event_end(&event);
}

static enum kept_ask_kind kind_of(const struct request *request)
{
    return request->operation == &queue_op_kill ? KEPT_ASK_KILL : KEPT_ASK_CANCEL;
}

/* Others have joined the job: it goes on, and nothing has to be written. */
static enum verdict end_submit(struct dialogue *dialogue, const struct request *request,
                               struct queue_follower *follower)
{
    static const char by[] = ",\"by\":\"submitter\"";
    const struct kept *job = follower->kept.job;
    enum queue_state_word state = queue_state_of(job->state, job->stored);
    struct event_writer event;
    uint64_t seq = kept_seq(job);
    answer_begin_ok(&event, dialogue, request);
    job_name_write(&event, seq);
    event_word(&event, "state", queue_state_words[state]);
    event_end(&event);
    if (kept_withdraw(&follower->kept, kind_of(request) == KEPT_ASK_KILL, by))
        return VERDICT_FINE;
    queue_replies_withdrawn(follower, seq, by);
    queue_follower_close(follower, 0);
    return VERDICT_FINE;
}

/* A detached submit is open until it is stored; a cancel in this time ends its job. */
static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    struct kept_ask ask = {.kind = kind_of(request)};
    if (request_has(request, &request->operation->fields[SELECT]))
        return queue_selection_begin(dialogue, request, kind_of(request), SELECT_UNFINISHED);
    if (request_has(request, &request->operation->fields[TARGET])) {
        struct queue_follower *follower = queue_op_target(session, request);
        if (!follower)
            return VERDICT_REFUSED;
        if (!follower->kept.is_detached && !kept_is_last(&follower->kept))
            return end_submit(dialogue, request, follower);
        if (!follower->kept.is_detached)
            kept_withdraw_by(&follower->kept, &ask);
    }
    return queue_op_ask_job(session, request, &ask, RIGHT_CONTROL, tell);
}

const struct operation queue_op_cancel = {
    .name = "cancel",
    .is_feature = true,
    .fields = cancel_fields,
    .run = run,
};

const struct operation queue_op_kill = {
    .name = "kill",
    .is_feature = true,
    .fields = kill_fields,
    .run = run,
};
