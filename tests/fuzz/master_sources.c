/* master_sources: see master_sources.h. */
#include "master_sources.h"

#include "common/log.h"

#include <string.h>

enum { PART_HEADER = 40 }; /* bytes of output before each part */

struct known_job *known_of(const struct job *job)
{
    bug_on(!job->seq || job->seq > JOBS_MAX);
    return &known[job->seq];
}

static void on_event(struct job_source *source, struct job *job, const struct job_event *event)
{
    struct known_job *k = known_of(job);
    bug_on(&k->source->source != source || source->gone || k->seen & (SEEN_END | SEEN_LEFT));
    k->job = job;
    switch (event->type) {
    case JOB_ACCEPTED:
        bug_on(k->seen || !k->notify_accepted);
        k->seen |= SEEN_ACCEPTED;
        return;
    case JOB_STARTED:
        bug_on(k->seen & SEEN_STARTED || !k->notify_started || !job->run.order);
        k->seen |= SEEN_STARTED;
        return;
    case JOB_PROGRESS:
        bug_on(!job->asked.notify_progress || !job_is_assigned(job));
        return;
    case JOB_PART:
        source->reader->end += PART_HEADER + (event->payload ? event->payload->size : 0);
        bug_on(k->parts++ != event->part_seq || !job->asked.notify_part);
        return;
    case JOB_DONE:
        bug_on(!job->run.order || !k->handed);
        break;
    case JOB_FAILED:
        bug_on(!event->message || event->message_len > MESSAGE_MAX);
        bug_on(event->fail == FAIL_UNKNOWN_MODULE && job->asked.module);
        bug_on(event->fail == FAIL_ERROR && k->prefetched &&
               !k->begun); /* its worker had not begun it */
        bug_on(event->step != STOP_NONE && !job->run.order);
        bug_on(event->fail == FAIL_EXPIRED && k->begun && !job->run.given_back);
        bug_on(event->by == BY_READER && !job->asked.notify_part);
        bug_on(event->by == BY_LINK && (source_is_lasting(k->source) || !job->asked.link));
        break;
    case JOB_OVERLOAD:
        bug_on(job->run.order || k->seen || event->retry_after_ms == 0);
        break;
    }
    k->seen |= SEEN_END;
}

static void on_left(struct job_source *source, struct job *job)
{
    struct known_job *k = known_of(job);
    bug_on(&k->source->source != source || k->seen & SEEN_LEFT);
    bug_on(!source->gone && !(k->seen & SEEN_END));
    k->seen |= SEEN_LEFT;
    k->job = NULL;
}

bool source_is_lasting(const struct source *source)
{
    return source >= &sources[CLIENTS];
}

static struct source *use(struct source *source)
{
    if (!source->used)
        *source = (struct source){.source = {.event = on_event, .left = on_left}, .used = true};
    source->source.bounded = source == &sources[SOURCES - 1];
    return source;
}

static struct source *living_source(struct input *input)
{
    struct source *source = &sources[input_take(input) % CLIENTS];
    return source->leaving ? NULL : use(source);
}

static struct job *make_job(struct input *input, uint8_t what)
{
    struct job *job = job_new("1", 1, "", 0);
    job->asked.module = what % 16 == 15 ? NULL : &modules[what % MODULES];
    job->asked.timeout_ms = what & 16 ? input_take(input) * 10u : 0;
    job->asked.soft_timeout_ms = what % 8 == 5 ? input_take(input) * 10u : 0;
    job->asked.link = what & 32;
    job->asked.notify_accepted = job->asked.notify_started = what & 64;
    job->asked.notify_part = what & 8;
    job->run.over_budget = what % 32 == 30;
    if (what & 128)
        job->asked.payload = payload_new(&budget, what % 64 == 33 ? 20000 : 10, 10, true);
    return job;
}

static void submit(struct source *source, struct job *job)
{
    uint64_t seq = pools.shared.last_seq + 1;
    known[seq] = (struct known_job){.job = job,
                                    .source = source,
                                    .notify_accepted = job->asked.notify_accepted,
                                    .notify_started = job->asked.notify_started};
    job_set_source(job, &source->source);
    pools_submit(&pools, job);
    bug_on(pools.shared.last_seq != seq);
}

void source_submit(struct input *input)
{
    struct source *source = living_source(input);
    uint8_t what = input_take(input);
    if (source && !source->ended && pools.shared.last_seq < JOBS_MAX)
        submit(source, make_job(input, what));
}

/* Nobody hears more of a lasting source's job than its acceptance and its end. */
static void make_lasting(struct job *job)
{
    job->asked.link = JOB_FREE;
    job->asked.detach = true;
    job->asked.notify_accepted = true;
    job->asked.notify_started = job->asked.notify_part = false;
}

void source_submit_live(struct input *input)
{
    uint8_t which = input_take(input), what = input_take(input), more = input_take(input);
    struct source *source = use(&sources[which % SOURCES]);
    if (source->leaving || source->ended || pools.shared.last_seq >= JOBS_MAX)
        return;
    struct job *job = make_job(input, what);
    job->asked.notify_usage = more & 1;
    job->asked.notify_progress = more & 2;
    job->asked.link = more & 4 ? JOB_LINKED_ON_FAILURE : job->asked.link;
    job->run.marked = more & 8;
    source->source.beside = more & 16 ? 2 : 0;
    if (source_is_lasting(source))
        make_lasting(job);
    if (more & 32)
        job = job_limit_wait(job, 1 + more / 64 * 150u);
    submit(source, job);
}

void source_cancel(struct input *input)
{
    uint64_t last = pools.shared.last_seq, seq = last - input_take(input) % (last + 1);
    struct job *job = seq ? dispatcher_find(&pools.shared, seq) : NULL;
    uint8_t kill = input_take(input);
    if (job)
        dispatcher_cancel(job, kill & 1);
}

void source_take(struct input *input)
{
    struct source *source = living_source(input);
    uint64_t most = source && source->source.reader
                        ? source->source.reader->end - source->source.reader->taken
                        : 0;
    if (most)
        dispatcher_source_taken(&source->source,
                                source->source.reader->end - most * input_take(input) / 255);
}

void source_stall(struct input *input)
{
    struct source *source = living_source(input);
    if (source)
        dispatcher_source_stalled(&pools.shared, &source->source);
}

static void end(struct source *source, bool leave)
{
    if (!source)
        return;
    source->ended = true; /* no further submits */
    source->source.leave |= leave;
    dispatcher_source_ended(&pools.shared, &source->source);
}

void source_end(struct input *input)
{
    end(living_source(input), false);
}

void source_bye(struct input *input)
{
    end(living_source(input), true);
}

void source_read(struct input *input)
{
    struct source *source = living_source(input);
    if (source)
        dispatcher_source_unread(&pools.shared, &source->source, input_take(input) * 1000u);
}

void source_read_service(struct input *input)
{
    dispatcher_source_unread(&pools.shared, &use(&sources[SOURCES - 1])->source,
                             input_take(input) * 1000u);
}

void source_read_all(struct source *source)
{
    dispatcher_source_unread(&pools.shared, &source->source, 0);
    if (source->source.reader)
        dispatcher_source_taken(&source->source, source->source.reader->end);
}

void source_lose(struct source *source)
{
    source->leaving = true;
    if (!dispatcher_source_gone(&pools.shared, &source->source))
        return;
    bug_on(source->source.job_count || !LIST_EMPTY(&source->source.jobs));
    memset(source, 0, sizeof *source); /* ready for a next source */
}

void source_go(struct input *input)
{
    struct source *source = living_source(input);
    if (source)
        source_lose(source);
}
