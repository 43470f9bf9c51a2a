/* named: questions about a job named by a request. */
#include "queue/clients/ops/ops.h"

#include "queue/clients/owner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct queue_job_ask *job_ask_of(struct kept_ask *ask)
{
    return (struct queue_job_ask *)((char *)ask - offsetof(struct queue_job_ask, ask));
}

/* --- who may, and who does --- */

static bool may_see(struct kept_ask *ask, const struct kept *job)
{
    return queue_owner_may_see(job_ask_of(ask)->asked.session, job);
}

/* The event at the job's end tells who ended it. */
static bool may_end(struct kept_ask *ask, const struct kept *job)
{
    struct queue_job_ask *job_ask = job_ask_of(ask);
    job_ask->state = queue_state_of(job->state, job->stored);
    queue_owner_write_by(job_ask->asked.session, job, job_ask->by, sizeof job_ask->by);
    ask->by = job_ask->by;
    return queue_owner_may_end(job_ask->asked.session, job);
}

/* --- refusals --- */

static void refuse_denied(const struct queue_job_ask *job_ask)
{
    char message[REQUEST_MESSAGE_MAX];
    snprintf(message, sizeof message,
             "%s of a job that is not its own needs the right %s; this connection's token lacks it",
             job_ask->asked.operation->name,
             job_ask->ask.permits == may_see ? "observe" : "control");
    queue_asked_refuse(&job_ask->asked, "denied", message);
}

static void refuse_unknown(const struct queue_job_ask *job_ask)
{
    char message[REQUEST_MESSAGE_MAX];
    snprintf(message, sizeof message, "there is no such job q%" PRIu64 " (any more)",
             job_ask->ask.seq);
    queue_asked_refuse(&job_ask->asked, "unknown-job", message);
}

static void refuse_conflict(const struct queue_job_ask *job_ask)
{
    struct event_writer event;
    queue_asked_begin_error(&event, &job_ask->asked, "key-conflict",
                            "another job has the key of this one");
    job_name_write(&event, job_ask->ask.other);
    event_end(&event);
}

static void refuse(const struct queue_job_ask *job_ask, enum kept_answer answer)
{
    switch (answer) {
    case KEPT_ANSWER_DENIED:
        refuse_denied(job_ask);
        break;
    case KEPT_ANSWER_NOT_YET:
        queue_asked_refuse(&job_ask->asked, "not-yet", "the job has not ended");
        break;
    case KEPT_ANSWER_NOT_FAILED:
        queue_asked_refuse(&job_ask->asked, "not-failed",
                           "the job is done; only a failed one can "
                           "run again");
        break;
    case KEPT_ANSWER_STORAGE:
        queue_asked_refuse_storage(&job_ask->asked);
        break;
    case KEPT_ANSWER_KEY_CONFLICT:
        refuse_conflict(job_ask);
        break;
    default:
        refuse_unknown(job_ask);
        break;
    }
}

/* --- the question --- */

static void on_answered(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    struct queue_job_ask *job_ask = job_ask_of(ask);
    if (answer == KEPT_ANSWER_OK || (answer == KEPT_ANSWER_UNKNOWN && job_ask->tells_unknown))
        job_ask->tell(job_ask, job);
    else
        refuse(job_ask, answer);
    queue_asked_end(&job_ask->asked);
}

static void forget(struct queue_asked *asked)
{
    keep_ask_forget(&((struct queue_job_ask *)asked)->ask);
}

struct queue_follower *queue_op_target(struct queue_session *session, struct request *request)
{
    const struct queue_request *own = queue_request_of(request);
    struct queue_follower *follower =
        queue_followers_find(session, own->target.text, own->target.len);
    if (follower && follower->kept.is_submit && follower->kept.job)
        return follower;
    request_refuse(request, "unknown-job",
                   "no submit with id %.*s of this connection is open; its job may have ended",
                   ID_SHOWN_MAX, own->target.text);
    return NULL;
}

/* 0 after a refusal. */
static uint64_t find(struct queue_session *session, struct request *request)
{
    const struct queue_request *own = queue_request_of(request);
    if (own->target.len) {
        const struct queue_follower *follower = queue_op_target(session, request);
        return follower ? kept_seq(follower->kept.job) : 0;
    }
    uint64_t seq = job_name_read(own->job.text);
    if (!seq)
        request_refuse(request, "unknown-job", "there is no job %s", own->job.text);
    return seq;
}

void *queue_op_job_ask_new(size_t size, struct queue_session *session,
                           const struct request *request, const struct kept_ask *ask,
                           void (*tell)(struct queue_job_ask *, const struct kept *))
{
    struct queue_job_ask *job_ask = queue_asked_new(size, session, request, true, forget);
    job_ask->tell = tell;
    job_ask->ask = *ask;
    return job_ask;
}

enum verdict queue_op_job_ask_begin(struct queue_job_ask *job_ask, uint64_t seq,
                                    enum access_right right)
{
    job_ask->ask.seq = seq;
    job_ask->ask.permits = right == RIGHT_OBSERVE ? may_see : may_end;
    job_ask->ask.answered = on_answered;
    keep_ask(queue_session_keep(job_ask->asked.session), &job_ask->ask);
    return VERDICT_FINE;
}

enum verdict queue_op_ask_job(struct queue_session *session, struct request *request,
                              const struct kept_ask *ask, enum access_right right,
                              void (*tell)(struct queue_job_ask *, const struct kept *))
{
    uint64_t seq = find(session, request);
    if (!seq)
        return VERDICT_REFUSED;
    return queue_op_job_ask_begin(
        queue_op_job_ask_new(sizeof(struct queue_job_ask), session, request, ask, tell), seq,
        right);
}
