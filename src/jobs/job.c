/* job: see job.h. */
#include "jobs/job.h"

#include "base/spare.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {
    [JOB_NEW] = "new",           [JOB_WAITING] = "waiting", [JOB_RUNNING] = "running",
    [JOB_STOPPING] = "stopping", [JOB_ENDED] = "ended",
};

const char *job_state_name(enum job_state state)
{
    return state_names[state];
}

const char *job_name(const struct job *job, const char *boot, char text[JOB_TEXT_MAX])
{
    if (job)
        snprintf(text, JOB_TEXT_MAX, "%s-%" PRIu64, boot, job->seq);
    else
        memcpy(text, "-", sizeof "-");
    return text;
}

/* Most jobs have short texts, and so records of one size. */
enum { COMMON_SIZE = sizeof(struct job) + 32 };
static struct spare common;

static bool is_common(size_t texts, uint32_t max_wait_ms)
{
    return offsetof(struct job, text) + texts <= COMMON_SIZE && !max_wait_ms;
}

struct job *job_new(const char *id, size_t id_len, const char *context, size_t context_len)
{
    size_t texts = id_len + context_len;
    struct job *job = is_common(texts, 0) ? spare_take(&common, COMMON_SIZE)
                                          : xmalloc(offsetof(struct job, text) + texts);
    memset(job, 0, sizeof *job);
    job->asked.id_len = (uint16_t)id_len;
    job->asked.context_len = (uint16_t)context_len;
    memcpy(job->text, id, id_len);
    if (context_len)
        memcpy(job->text + id_len, context, context_len);
    return job;
}

static size_t wait_offset(const struct job *job)
{
    size_t end = offsetof(struct job, text) + job->asked.id_len + job->asked.context_len;
    return (end + _Alignof(struct job_wait) - 1) / _Alignof(struct job_wait) *
           _Alignof(struct job_wait);
}

struct job_wait *job_wait(struct job *job)
{
    bug_on(!job->asked.max_wait_ms);
    return (struct job_wait *)(void *)((char *)job + wait_offset(job));
}

struct job *job_limit_wait(struct job *job, uint32_t max_wait_ms)
{
    bug_on(job->state != JOB_NEW || job->source || job->asked.max_wait_ms);
    job = xrealloc(job, wait_offset(job) + sizeof(struct job_wait));
    job->asked.max_wait_ms = max_wait_ms;
    *job_wait(job) = (struct job_wait){.job = job};
    return job;
}

void job_free(struct job *job)
{
    bug_on(job->source || (job->state != JOB_NEW && job->state != JOB_ENDED));
    payload_unref(job->asked.payload);
    job_origin_unref(job->asked.origin);
    free(job->run.why_no_module);
    size_t texts = (size_t)job->asked.id_len + job->asked.context_len;
    if (is_common(texts, job->asked.max_wait_ms))
        spare_give(&common, job);
    else
        free(job);
}

void job_set_source(struct job *job, struct job_source *source)
{
    struct job_source *before = job->source;
    if (before) {
        if (before->untie == job)
            before->untie = LIST_NEXT(job, links.of_source);
        LIST_REMOVE(job, links.of_source);
        before->job_count--;
        before->left(before, job);
    }
    job->source = source;
    if (source) {
        LIST_INSERT_HEAD(&source->jobs, job, links.of_source);
        source->job_count++;
    }
}

void job_set_by(struct job *job, enum ended_by by, const char *name)
{
    if (job->by || job->state == JOB_STOPPING)
        return;
    job->by = (uint8_t)by;
    if (name && job->asked.module)
        job->run.by_name = xstrdup(name);
}

/* The module's count of jobs in this state; NULL if the module does not count them. */
static size_t *count_of(const struct job *job)
{
    if (!job->asked.module)
        return NULL;
    if (job->state == JOB_WAITING)
        return &job->asked.module->waiting;
    return job_is_assigned(job) ? &job->asked.module->running : NULL;
}

void job_set_state(struct job *job, enum job_state state)
{
    static const unsigned char from[] = {
        [JOB_WAITING] = 1u << JOB_NEW | 1u << JOB_RUNNING,
        [JOB_RUNNING] = 1u << JOB_NEW | 1u << JOB_WAITING,
        [JOB_STOPPING] = 1u << JOB_RUNNING,
        [JOB_ENDED] = 1u << JOB_NEW | 1u << JOB_WAITING | 1u << JOB_RUNNING | 1u << JOB_STOPPING,
    };
    bug_on(!(from[state] & 1u << job->state) || job->run.place != JOB_NOWHERE);
    size_t *before = count_of(job);
    job->state = (uint8_t)state;
    size_t *now = count_of(job);
    if (before)
        --*before;
    if (now)
        ++*now;
}

void job_set_place(struct job *job, enum job_place place)
{
    static const unsigned char from[] = {
        [JOB_NOWHERE] =
            1u << JOB_IN_LINE | 1u << JOB_PASSED | 1u << JOB_ASIDE | 1u << JOB_PREFETCHED,
        [JOB_IN_LINE] = 1u << JOB_NOWHERE,
        [JOB_PASSED] = 1u << JOB_IN_LINE,
        [JOB_ASIDE] = 1u << JOB_NOWHERE,
        [JOB_PREFETCHED] = 1u << JOB_NOWHERE,
    };
    bug_on(!(from[place] & 1u << job->run.place) || job->state != JOB_WAITING);
    job->run.place = (uint8_t)place;
}
