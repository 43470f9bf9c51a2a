/*
 * wait: the terminal event of a job, now or when the job ends. Any number of waits may follow a
 * job, from any connection, and a wait may be repeated.
 */
#include "queue/clients/ops/ops.h"

#include "queue/clients/events.h"
#include "queue/clients/waits.h"

static const char *const notify_words[] = {"started", "progress", "retry", NULL};

static const unsigned wants[] = {KEPT_WANTS_STARTED, KEPT_WANTS_PROGRESS, KEPT_WANTS_RETRY};

enum { JOB, TIMEOUT }; /* rows */

static const struct field fields[] = {
    [JOB] = QUEUE_OP_JOB_FIELD(FIELD_REQUIRED),
    [TIMEOUT] = {"timeout_ms", FIELD_UINT, QUEUE_REQUEST_AT(timeout_ms), .max = INT32_MAX},
    {"notify", FIELD_WORDS, QUEUE_REQUEST_AT(notify), .words = notify_words},
    {0},
};

static unsigned wants_of(const struct queue_request *request)
{
    unsigned bits = 0;
    for (size_t word = 0; word < sizeof wants / sizeof *wants; word++)
        if (request->notify & 1u << word)
            bits |= wants[word];
    return bits;
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    const struct queue_request *own = queue_request_of(request);
    uint64_t seq = job_name_read(own->job.text);
    if (queue_followers_find(session, request->id.text, request->id.len))
        return request_refuse(request, "duplicate-id", "%s", QUEUE_OP_DUPLICATE);
    if (!seq)
        return request_refuse(request, "unknown-job", "there is no job %s", own->job.text);
    struct queue_follower *follower = queue_follower_new(session, request, queue_events_on_event);
    follower->kept.wants = wants_of(own);
    queue_follower_open(follower);
    queue_wait_begin(follower, seq,
                     request_has(request, &fields[TIMEOUT]) ? &own->timeout_ms : NULL);
    return VERDICT_FINE;
}

const struct operation queue_op_wait = {
    .name = "wait",
    .is_feature = true,
    .needs_id = true,
    .fields = fields,
    .run = run,
};
