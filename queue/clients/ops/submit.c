/*
 * submit: makes a kept job of a request and its payload.
 *
 * The fields are checked before the payload is read. The id, and the room for the job, are looked
 * at once the payload is whole. The delay counts from then on, too.
 */
#include "queue/clients/ops/ops.h"

#include "queue/clients/events.h"
#include "queue/clients/owner.h"
#include "queue/clients/replies.h"

#include <string.h>

enum {
    PRIORITY_DEFAULT = 5,
    PRIORITY_MAX = 9,
    RETRIES_MAX = 100,
    RETRY_DELAY_DEFAULT_MS = 1000,
    RETRY_DELAY_MAX_MS = 86400000, /* a day */
};

#define YEAR_MS 31536000000u
#define TTL_MS  2592000000u /* 30 days */

enum {
    NOTIFY_ACCEPTED = 1,
    NOTIFY_STARTED = 2,
    NOTIFY_PROGRESS = 4,
    NOTIFY_RETRY = 8,
    NOTIFY_USAGE = 16,
};

static const char *const link_words[] = {"on-failure", NULL}; /* as in enum queue_tie */

static const char *const notify_words[] = {"accepted", "started", "progress",
                                           "retry",    "usage",   NULL};

/* As in enum stored_retry_on. */
static const char *const retry_on_words[] = {"error", "timeout", "module", "expired", NULL};

/* Nobody hears of a detached job, and it outlives its connection. */
static const char *const not_with_detach[] = {"link", "notify", NULL};

static const char *const not_with_at[] = {"delay_ms", NULL};

enum { PRIORITY, RETRY_ON, RETRY_DELAY }; /* rows with a default */

static const struct field fields[] = {
    [PRIORITY] = {"priority", FIELD_UINT, QUEUE_REQUEST_AT(priority), .max = PRIORITY_MAX,
                  .feature = "priority"},
    [RETRY_ON] = {"retry_on", FIELD_WORDS, QUEUE_REQUEST_AT(retry_on), .words = retry_on_words},
    [RETRY_DELAY] = {"retry_delay_ms", FIELD_UINT, QUEUE_REQUEST_AT(retry_delay_ms),
                     .max = RETRY_DELAY_MAX_MS},
    {"retries", FIELD_UINT, QUEUE_REQUEST_AT(retries), .max = RETRIES_MAX, .feature = "retries"},
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {"context", FIELD_CONTEXT, .max = CONTEXT_MAX, .feature = "context"},
    {"link", FIELD_SWITCH, QUEUE_REQUEST_AT(link), .words = link_words, .feature = "link"},
    {"timeout_ms", FIELD_UINT, QUEUE_REQUEST_AT(timeout_ms), .min = 1, .max = INT32_MAX,
     .feature = "timeout"},
    {"soft_timeout_ms", FIELD_UINT, QUEUE_REQUEST_AT(soft_timeout_ms), .min = 1, .max = INT32_MAX,
     .feature = "soft-timeout"},
    {"max_wait_ms", FIELD_UINT64, QUEUE_REQUEST_AT(max_wait_ms), .min = 1, .max = YEAR_MS,
     .feature = "max-wait"},
    {"notify", FIELD_WORDS, QUEUE_REQUEST_AT(notify), .words = notify_words, .feature = "notify-"},
    {"detach", FIELD_TRUE, QUEUE_REQUEST_AT(detach), .not_with = not_with_detach,
     .feature = "detach"},
    {"delay_ms", FIELD_UINT64, QUEUE_REQUEST_AT(delay_ms), .max = YEAR_MS, .feature = "delay"},
    {"at", FIELD_TIME, QUEUE_REQUEST_AT(at_ms), .not_with = not_with_at},
    {"key", FIELD_STRING, QUEUE_REQUEST_AT(key), .min = 1, .max = STORED_KEY_MAX, .feature = "key"},
    {"ttl_ms", FIELD_UINT64, QUEUE_REQUEST_AT(ttl_ms), .min = 1, .max = TTL_MS, .feature = "ttl"},
    {0},
};

/* --- refusals --- */

static const char submit[] = "\"submit\"", wait[] = "\"wait\"";

void queue_op_refuse_submit(const struct queue_follower *follower, struct refusal *refusal,
                            const char *code, const char *message)
{
    refusal_init(refusal, code, message);
    memcpy(refusal->op, submit, sizeof submit);
    memcpy(refusal->id, queue_follower_id(follower), follower->id_len);
    refusal->id[follower->id_len] = '\0';
    refusal->context_len = follower->context_len;
    memcpy(refusal->context, queue_follower_context(follower), follower->context_len);
}

static bool has_open_id(struct queue_session *session, const struct refusal *refusal)
{
    bool follows = strcmp(refusal->op, submit) == 0 || strcmp(refusal->op, wait) == 0;
    return follows && refusal->id[0] &&
           queue_followers_find(session, refusal->id, strlen(refusal->id));
}

/* An error with the id of an open submit or wait is no last word about that one. */
void queue_op_amend(struct dialogue *dialogue, struct refusal *refusal, bool fatal)
{
    if (!has_open_id(queue_session_of_dialogue(dialogue), refusal))
        return;
    if (fatal) {
        refusal->id[0] = '\0';
        return;
    }
    refusal->code = "duplicate-id";
    strcpy(refusal->message, QUEUE_OP_DUPLICATE);
}

/* --- a new job --- */

static unsigned wants_of(const struct queue_request *request)
{
    return KEPT_WANTS_ACCEPTED | (request->notify & NOTIFY_STARTED ? KEPT_WANTS_STARTED : 0u) |
           (request->notify & NOTIFY_PROGRESS ? KEPT_WANTS_PROGRESS : 0u) |
           (request->notify & NOTIFY_RETRY ? KEPT_WANTS_RETRY : 0u);
}

static struct queue_follower *make_follower(struct queue_session *session,
                                            const struct queue_request *request)
{
    struct queue_follower *follower =
        queue_follower_new(session, &request->peer.base, queue_events_on_event);
    follower->kept.is_submit = true;
    follower->kept.is_detached = request->detach;
    follower->kept.wants = wants_of(request);
    follower->wants_accepted = request->detach || request->notify & NOTIFY_ACCEPTED;
    follower->tie = (uint8_t)request->link;
    return follower;
}

static struct stored_job *make_job(struct queue_session *session,
                                   const struct queue_request *request, const char *module)
{
    const struct request *base = &request->peer.base;
    struct stored_job *stored = stored_job_new(&(struct stored_wish){
        .module = module,
        .owner = queue_owner_name(session),
        .id = base->id.text,
        .context = base->context.len ? base->context.text : NULL,
        .key = request->key.len ? request->key.text : NULL,
        .priority =
            (uint8_t)(request_has(base, &fields[PRIORITY]) ? request->priority : PRIORITY_DEFAULT),
        .retry_on =
            (uint8_t)(request_has(base, &fields[RETRY_ON]) ? request->retry_on
                                                           : RETRY_ON_ERROR | RETRY_ON_TIMEOUT),
        .is_detached = request->detach,
        .wants_usage = request->notify & NOTIFY_USAGE,
        .retries = request->retries,
        .retry_delay_ms = request_has(base, &fields[RETRY_DELAY]) ? request->retry_delay_ms
                                                                  : RETRY_DELAY_DEFAULT_MS,
        .timeout_ms = request->timeout_ms,
        .soft_timeout_ms = request->soft_timeout_ms,
        .max_wait_ms = request->max_wait_ms,
        .ttl_ms = request->ttl_ms,
    });
    stored->run.due_ms = request->at_ms;
    return stored;
}

static enum verdict check(struct dialogue *dialogue, struct request *request)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    const struct queue_request *own = queue_request_of(request);
    const char *module = peer_submit_module(&session->peer, request);
    if (!module)
        return VERDICT_REFUSED;
    session->arriving.follower = make_follower(session, own);
    session->arriving.stored = make_job(session, own, module);
    session->arriving.delay_ms = own->delay_ms;
    return VERDICT_FINE;
}

static enum verdict refuse_duplicate(struct queue_follower *follower, struct stored_job *stored,
                                     struct payload *payload, struct refusal *refusal)
{
    queue_op_refuse_submit(follower, refusal, "duplicate-id", QUEUE_OP_DUPLICATE);
    queue_follower_free(follower);
    stored_job_free(stored);
    payload_unref(payload);
    return VERDICT_REFUSED;
}

/* The payload found no room in memory. */
static void overload(struct queue_follower *follower, struct stored_job *stored)
{
    queue_replies_no_memory(follower);
    queue_follower_free(follower);
    stored_job_free(stored);
}

/* A time that has passed is no delay. */
static void set_times(struct stored_job *stored, uint64_t now_ms, uint64_t delay_ms)
{
    stored->wish.submitted_ms = now_ms;
    if (delay_ms)
        stored->run.due_ms = now_ms + delay_ms;
    else if (stored->run.due_ms <= now_ms)
        stored->run.due_ms = 0;
}

static enum verdict take(struct dialogue *dialogue, struct payload *payload, bool over_budget,
                         struct refusal *refusal)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    struct queue_follower *follower = session->arriving.follower;
    struct stored_job *stored = session->arriving.stored;
    session->arriving.follower = NULL;
    session->arriving.stored = NULL;
    if (queue_followers_find(session, queue_follower_id(follower), follower->id_len))
        return refuse_duplicate(follower, stored, payload, refusal);
    if (over_budget) {
        overload(follower, stored);
        return VERDICT_FINE;
    }
    set_times(stored, keep_wall_ms(queue_session_keep(session)), session->arriving.delay_ms);
    queue_follower_open(follower);
    keep_submit(queue_session_keep(session), stored, payload, &follower->kept);
    return VERDICT_FINE;
}

const struct operation queue_op_submit = {
    .name = "submit",
    .fields = fields,
    .right = RIGHT_SUBMIT,
    .needs_id = true,
    .check = check,
    .take = take,
};
