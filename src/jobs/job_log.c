/* job_log: see job_log.h. */
#include "jobs/job_log.h"

#include "jobs/dispatcher.h"
#include "jobs/job.h"

enum { LINES_MAX = 1000 }; /* a second */

/* How long the job has waited and run. */
struct times {
    uint64_t wait_us, run_us;
};

static struct times times_of(const struct job *job, uint64_t now_us)
{
    if (!job->run.begun_us)
        return (struct times){.wait_us = now_us - job->run.submitted_us};
    return (struct times){.wait_us = job->run.begun_us - job->run.submitted_us,
                          .run_us = now_us - job->run.begun_us};
}

static uint64_t bytes_of(const struct job *job)
{
    return job->asked.payload ? job->asked.payload->size : 0;
}

static const char *module_of(const struct job *job)
{
    return job->asked.module ? job->asked.module->name : NULL;
}

/* --- slow jobs --- */

void job_log_slow(struct job_log *log, const struct job *job)
{
    const struct worker *worker = job->run.worker;
    const struct times times = times_of(job, log->timers->now_us);
    char name[JOB_TEXT_MAX];
    if (!log_enabled(LOG_WARN) || !log_limit_allows(&log->limit))
        return;
    log_event(LOG_WARN, "job-slow", LOG_STR("job", job_name(job, log->boot, name)),
              LOG_STR_OPT("origin", job_origin_id(job)), LOG_STR_OPT("owner", job_owner(job)),
              LOG_STR("client", job_client(job)), LOG_STR("module", module_of(job)),
              LOG_STR("pool", job->run.pool->name), LOG_UINT_OPT("worker", worker ? worker->id : 0),
              LOG_STR("state", job_state_name(job->state)), LOG_UINT("wait_us", times.wait_us),
              LOG_UINT("run_us", times.run_us), LOG_UINT("bytes", bytes_of(job)));
}

/* --- ends --- */

/* The job is lost, by no wish of its client and by no decision of its module. */
static bool is_lost(const struct job_end *end)
{
    static const bool lost[FAIL_REASONS] = {
        [FAIL_ERROR] = true,
        [FAIL_TIMEOUT] = true,
        [FAIL_UNAVAILABLE] = true,
        [FAIL_EXPIRED] = true,
    };
    return end->event->type == JOB_FAILED && !end->dropped && lost[end->event->fail];
}

static const char *reason_of(const struct job_end *end)
{
    if (end->event->type == JOB_DONE)
        return NULL;
    return end->dropped ? "dropped" : fail_reason_name(end->event->fail);
}

static struct times times_at_end(const struct job_log *log, const struct job *job,
                                 const struct job_event *event)
{
    if (!job->run.begun_us)
        return times_of(job, log->timers->now_us);
    return (struct times){event->wait_us, event->run_us};
}

static void write_end(const struct job_log *log, bool lost, const struct job *job,
                      const struct job_end *end)
{
    const struct job_event *event = end->event;
    const struct times times = times_at_end(log, job, event);
    char name[JOB_TEXT_MAX];
    log_event(lost ? LOG_WARN : LOG_INFO, "job-end", LOG_STR("job", job_name(job, log->boot, name)),
              LOG_STR_OPT("origin", job_origin_id(job)), LOG_STR_OPT("owner", job_owner(job)),
              LOG_STR("client", job_client(job)), LOG_STR("module", module_of(job)),
              LOG_STR("pool", job->run.pool->name),
              LOG_UINT_OPT("worker", end->worker ? end->worker->id : 0),
              LOG_STR("end", event->type == JOB_DONE ? "done" : "failed"),
              LOG_STR_OPT("reason", reason_of(end)), LOG_STR_OPT("code", event->code),
              LOG_STR_OPT("step", event->step ? stop_step_name(event->step) : NULL),
              LOG_STR_OPT("by", event->by ? ended_by_name(event->by) : NULL),
              LOG_UINT("wait_us", times.wait_us), LOG_UINT("run_us", times.run_us),
              LOG_UINT("bytes", bytes_of(job)));
}

/* A refused submit is no job. */
static void on_end(struct news_reader *reader, const struct job *job, const struct job_end *end)
{
    struct job_log *log = (struct job_log *)reader;
    bool lost = is_lost(end);
    if (end->event->type == JOB_OVERLOAD || (log->ends == JOB_LOG_LOST && !lost))
        return;
    if (log_enabled(lost ? LOG_WARN : LOG_INFO) && log_limit_allows(&log->limit))
        write_end(log, lost, job, end);
}

/* --- life --- */

void job_log_init(struct job_log *log, struct news *news, struct timers *timers, const char *boot)
{
    *log = (struct job_log){.news = news,
                            .timers = timers,
                            .boot = boot,
                            .reader.on_end = on_end,
                            .ends = JOB_LOG_NONE};
    log_limit_init(&log->limit, timers, LOG_WARN, "job-end");
    log->limit.rate = LINES_MAX;
}

void job_log_configure(struct job_log *log, enum job_log_ends ends)
{
    static const unsigned kinds[] = {
        [JOB_LOG_LOST] = NEWS_FAILS,
        [JOB_LOG_FAILED] = NEWS_FAILS,
        [JOB_LOG_ALL] = NEWS_ENDS,
        [JOB_LOG_NONE] = 0,
    };
    log->ends = ends;
    news_want(log->news, &log->reader, kinds[ends]);
}

void job_log_end(struct job_log *log)
{
    job_log_configure(log, JOB_LOG_NONE);
    log_limit_end(&log->limit);
}
