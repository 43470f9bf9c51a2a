/* job_report: see job_report.h. */
#include "stats/job_report.h"

#include "base/json_writer.h"
#include "jobs/pools.h"

#include <string.h>

static uint64_t ms_between(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? (to_us - from_us) / 1000 : 0;
}

/* The source's name for the log is NUMBER@ADDRESS. */
static void write_client(struct json_writer *json, const struct job_source *source)
{
    if (!source || source->gone || !source->number) {
        json_writer_null(json, "client");
        return;
    }
    const char *at = strchr(source->name, '@');
    json_writer_begin(json, "client", '{');
    json_writer_uint(json, "id", source->number);
    json_writer_text(json, "name", source->client);
    json_writer_text(json, "address", at ? at + 1 : NULL);
    json_writer_end(json, '}');
}

static void write_limit(struct json_writer *json, const char *key, uint32_t ms)
{
    if (ms)
        json_writer_uint(json, key, ms);
    else
        json_writer_null(json, key);
}

static void write_limits(struct json_writer *json, const struct job *job)
{
    const struct job_limits limits = dispatcher_limits(job);
    json_writer_begin(json, "limits", '{');
    write_limit(json, "timeout_ms", limits.timeout_ms);
    write_limit(json, "soft_timeout_ms", limits.soft_timeout_ms);
    write_limit(json, "max_wait_ms", limits.max_wait_ms);
    json_writer_end(json, '}');
}

static void write_progress(struct json_writer *json, const struct job *job, uint64_t now_us)
{
    struct job_progress latest;
    if (!dispatcher_job_progress(job, &latest)) {
        json_writer_null(json, "progress");
        return;
    }
    json_writer_begin(json, "progress", '{');
    json_writer_fraction(json, "fraction", latest.fraction);
    json_writer_text(json, "message", *latest.message ? latest.message : NULL);
    json_writer_uint(json, "age_ms", ms_between(latest.at_us, now_us));
    json_writer_end(json, '}');
}

static void write_waiting(struct json_writer *json, const struct job *job, uint64_t now_us)
{
    json_writer_uint(json, "position", dispatcher_position(job));
    json_writer_uint(json, "wait_ms", ms_between(job->run.submitted_us, now_us));
    json_writer_null(json, "run_ms");
    json_writer_null(json, "worker");
}

static void write_running(struct json_writer *json, const struct job *job, uint64_t now_us)
{
    json_writer_null(json, "position");
    json_writer_uint(json, "wait_ms", ms_between(job->run.submitted_us, job->run.begun_us));
    json_writer_uint(json, "run_ms", ms_between(job->run.begun_us, now_us));
    json_writer_uint(json, "worker", job->run.worker->id);
}

static void write_times(struct json_writer *json, const struct job *job, uint64_t now_us)
{
    json_writer_uint(json, "age_ms", ms_between(job->run.submitted_us, now_us));
    if (job_is_assigned(job))
        write_running(json, job, now_us);
    else
        write_waiting(json, job, now_us);
}

static void write_job(struct json_writer *json, const struct report *report, const struct job *job)
{
    char name[JOB_TEXT_MAX];
    const char *service = job->source ? job->source->service : NULL;
    json_writer_begin(json, NULL, '{');
    json_writer_text(json, "job", job_name(job, report->boot, name));
    json_writer_json(json, "id", job_id(job), job->asked.id_len);
    json_writer_text(json, "origin", job_origin_id(job));
    json_writer_text(json, "module", job->asked.module->name);
    json_writer_text(json, "pool", job->run.pool->name);
    json_writer_text(json, "state", job_state_name(job->state));
    write_times(json, job, report->pools->shared.timers->now_us);
    write_client(json, job->source);
    json_writer_text(json, "owner", job_owner(job));
    json_writer_text(json, "service", service);
    json_writer_bool(json, "detached", job->asked.detach && !service);
    write_limits(json, job);
    write_progress(json, job, report->pools->shared.timers->now_us);
    json_writer_uint(json, "size", job->asked.payload ? job->asked.payload->size : 0);
    json_writer_end(json, '}');
}

char *report_job(const struct report *report, const struct job *job)
{
    struct json_writer json;
    json_writer_open(&json);
    write_job(&json, report, job);
    return json_writer_close(&json);
}

char *report_jobs(const struct report *report, struct job *const *jobs, size_t count)
{
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    for (size_t i = 0; i < count; i++)
        write_job(&json, report, jobs[i]);
    json_writer_end(&json, ']');
    return json_writer_close(&json);
}
