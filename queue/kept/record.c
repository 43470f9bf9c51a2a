/* kept_record: the records in memory. Each change of a job's state, and of its place, is here. */
#include "queue/kept/kept_internal.h"

#include "base/spare.h"
#include "common/limits.h"

#include <stdlib.h>
#include <string.h>

static struct spare spare;

static struct kept *record_of(struct hash_node *node)
{
    return (struct kept *)((char *)node - offsetof(struct kept, by_seq));
}

/* No client chooses numbers. Consecutive ones spread evenly over the buckets by themselves. Those
 * of a shared store begin with the time, and most end alike: their high bits are mixed into the low
 * ones. */
static uint64_t hash_of(uint64_t seq)
{
    uint64_t mixed = seq * 0x9e3779b97f4a7c15u;
    return seq <= ID_INTEGER_MAX ? seq : mixed ^ mixed >> 32;
}

struct kept *kept_record_find(const struct keep *keep, uint64_t seq)
{
    struct hash_node *node = hash_first(&keep->jobs, hash_of(seq));
    while (node && record_of(node)->stored->seq != seq)
        node = hash_next(node);
    return node ? record_of(node) : NULL;
}

struct each {
    void (*call)(struct kept *job);
};

static void call_one(struct hash_node *node, void *arg)
{
    const struct each *each = arg;
    each->call(record_of(node));
}

void kept_record_each(struct keep *keep, void (*call)(struct kept *job))
{
    hash_each(&keep->jobs, call_one, &(struct each){call});
}

struct kept *kept_record_new(struct keep *keep, struct stored_job *stored)
{
    struct kept *job = spare_take(&spare, sizeof *job);
    memset(job, 0, sizeof *job);
    job->keep = keep;
    job->stored = stored;
    LIST_INIT(&job->followers);
    TAILQ_INIT(&job->asks);
    TAILQ_INIT(&job->answers);
    job->module = kept_module_get(keep, stored->wish.module);
    job->module->records++;
    job->is_detached = stored->wish.is_detached;
    hash_insert(&keep->jobs, &job->by_seq, hash_of(stored->seq));
    return job;
}

struct kept *kept_record_read(struct keep *keep, struct stored_job *stored)
{
    static const unsigned char states[] = {
        [STORED_WAITING] = KEPT_WAITING,
        [STORED_DELAYED] = KEPT_DELAYED,
        [STORED_HANDED] = KEPT_HANDED,
        [STORED_ENDED] = KEPT_ENDED,
    };
    struct kept *job = kept_record_new(keep, stored);
    job->state = states[stored->run.state];
    if (kept_is_shared(keep) && job->state != KEPT_ENDED)
        job->state = KEPT_ELSEWHERE;
    kept_record_take_bodies(job, stored);
    kept_touch(job);
    return job;
}

static void take_body(struct payload_budget *budget, struct payload **to, struct stored_body *from)
{
    if (!from->data)
        return;
    if (!*to && from->size)
        *to = payload_from(budget, from->data, from->size);
    free(from->data);
    from->data = NULL;
}

void kept_record_take_bodies(struct kept *job, struct stored_job *from)
{
    job->stored->input.is_lost |= from->input.is_lost;
    job->stored->result.is_lost |= from->result.is_lost;
    take_body(job->keep->parts.payloads, &job->input, &from->input);
    take_body(job->keep->parts.output, &job->result, &from->result);
}

void kept_record_drop_input(struct kept *job)
{
    if (job->is_writing)
        return;
    payload_unref(job->input);
    job->input = NULL;
    job->stored->input.payload = NULL;
}

static bool is_missing(const struct payload *payload, const struct stored_body *body)
{
    return !payload && body->size && !body->is_lost;
}

/* A done job has its input no more. */
bool kept_record_lacks_input(const struct kept *job)
{
    bool is_done = job->state == KEPT_ENDED && job->stored->outcome.is_done;
    return !is_done && is_missing(job->input, &job->stored->input);
}

bool kept_record_lacks_result(const struct kept *job)
{
    return job->state == KEPT_ENDED && is_missing(job->result, &job->stored->result);
}

/* --- the state --- */

static uint64_t *count_of(struct keep_counts *counts, enum kept_state state)
{
    switch (state) {
    case KEPT_WAITING:
        return &counts->waiting;
    case KEPT_DELAYED:
        return &counts->delayed;
    case KEPT_HANDED:
        return &counts->handed;
    case KEPT_RUNNING:
        return &counts->running;
    case KEPT_ENDED:
        return &counts->ended;
    default:
        return NULL;
    }
}

static void count(struct keep_counts *counts, enum kept_state from, enum kept_state to)
{
    uint64_t *before = count_of(counts, from), *now = count_of(counts, to);
    bug_on(before && !*before);
    if (before)
        --*before;
    if (now)
        ++*now;
}

/* It counts for the limits of jobs. */
static bool is_unfinished(enum kept_state state)
{
    return state >= KEPT_WAITING && state <= KEPT_RUNNING;
}

/* Jobs that this node holds. Of all others the store tells the counts. */
static enum kept_state held_alone(enum kept_state state)
{
    return state == KEPT_HANDED || state == KEPT_RUNNING ? state : KEPT_NEW;
}

static void count_held(struct keep *keep, struct kept_module *module, enum kept_state from,
                       enum kept_state to)
{
    count(&keep->counts, held_alone(from), held_alone(to));
    count(&module->counts, held_alone(from), held_alone(to));
}

static void count_all(struct keep *keep, struct kept_module *module, const char *owner,
                      enum kept_state from, enum kept_state to)
{
    if (kept_is_shared(keep)) {
        count_held(keep, module, from, to);
        return;
    }
    count(&keep->counts, from, to);
    count(&module->counts, from, to);
    if (is_unfinished(from) != is_unfinished(to))
        kept_owner_add(keep, owner, is_unfinished(to) ? 1 : -1);
}

void kept_set_state(struct kept *job, enum kept_state state)
{
    enum {
        NEW = 1u << KEPT_NEW,
        WAITING = 1u << KEPT_WAITING,
        DELAYED = 1u << KEPT_DELAYED,
        HANDED = 1u << KEPT_HANDED,
        RUNNING = 1u << KEPT_RUNNING,
        ELSEWHERE = 1u << KEPT_ELSEWHERE,
        ENDED = 1u << KEPT_ENDED,
        GONE = 1u << KEPT_GONE,
        UNFINISHED = WAITING | DELAYED | HANDED | RUNNING,
    };
    static const unsigned char from[KEPT_STATES] = {
        /* not stored, as another one has the key */
        [KEPT_NEW] = WAITING | DELAYED | HANDED | ELSEWHERE,
        [KEPT_WAITING] = NEW | UNFINISHED | ENDED,
        [KEPT_DELAYED] = NEW | UNFINISHED,
        [KEPT_HANDED] = NEW | WAITING | ELSEWHERE,
        [KEPT_RUNNING] = HANDED,
        [KEPT_ELSEWHERE] = NEW | HANDED | RUNNING | ELSEWHERE | ENDED | GONE,
        [KEPT_ENDED] = UNFINISHED | ELSEWHERE,
        [KEPT_GONE] = NEW | ELSEWHERE | ENDED,
    };
    bug_on(!(from[state] & 1u << job->state) || job->place == KEPT_IN_WINDOW);
    count_all(job->keep, job->module, job->stored->wish.owner, job->state, state);
    job->state = (uint8_t)state;
    kept_touch(job);
    kept_touch_module(job->module);
}

void kept_record_count(struct keep *keep, const struct stored_job *stored, enum kept_state from,
                       enum kept_state to)
{
    struct kept_module *module = kept_module_get(keep, stored->wish.module);
    count_all(keep, module, stored->wish.owner, from, to);
    kept_touch_module(module);
}

void kept_set_place(struct kept *job, enum kept_place place)
{
    struct keep *keep = job->keep;
    bug_on(job->place != KEPT_NOWHERE && place != KEPT_NOWHERE);
    if (job->place == KEPT_WITH_MASTER) {
        TAILQ_REMOVE(&keep->handed, job, of_place);
        keep->handed_count--;
    }
    if (place == KEPT_WITH_MASTER) {
        TAILQ_INSERT_TAIL(&keep->handed, job, of_place);
        keep->handed_count++;
    }
    job->place = (uint8_t)place;
}

/* --- the end of a record --- */

bool kept_record_is_idle(const struct kept *job)
{
    return !job->is_writing && !job->late && !job->handed && job->place == KEPT_NOWHERE &&
           LIST_EMPTY(&job->followers) && TAILQ_EMPTY(&job->asks) && !job->is_touched;
}

static void release(struct kept *job)
{
    payload_unref(job->input);
    payload_unref(job->result);
    stored_job_free(job->stored);
    stored_job_free(job->handed);
    free(job->stop_by);
    spare_give(&spare, job);
}

void kept_record_free(struct kept *job)
{
    bug_on(!kept_record_is_idle(job) || !TAILQ_EMPTY(&job->answers));
    bug_on(job->is_in_line);
    job->module->records--;
    kept_touch_module(job->module);
    hash_remove(&job->keep->jobs, &job->by_seq);
    release(job);
}

static void drop_asks(struct kept_asks *asks)
{
    struct kept_ask *ask;
    while ((ask = TAILQ_FIRST(asks))) {
        TAILQ_REMOVE(asks, ask, link);
        ask->of = NULL;
        if (ask->is_own)
            free(ask);
    }
}

static void free_any(struct hash_node *node, void *arg)
{
    struct kept *job = record_of(node);
    struct kept_follower *follower;
    (void)arg;
    while ((follower = LIST_FIRST(&job->followers))) {
        LIST_REMOVE(follower, link);
        follower->job = NULL;
    }
    drop_asks(&job->asks);
    drop_asks(&job->answers);
    if (job->late)
        payload_unref(job->late->end.result);
    if (job->late)
        kept_late_free(job->late);
    release(job);
}

void kept_record_free_all(struct keep *keep)
{
    drop_asks(&keep->loads.waiting);
    hash_each(&keep->jobs, free_any, NULL);
}
