/* job: see job.h. */
#include "job.h"

#include "common/stop_reason.h"
#include "fork_guard.h"
#include "measure.h"
#include "report.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void job_init(struct job *job, const struct tm_functions *functions,
              const struct settings *settings, struct worker_shared *shared,
              struct master_link *link)
{
    *job = (struct job){
        .tm = {.functions = functions, .stop_word = &shared->page.stop_job},
        .settings = settings,
        .shared = shared,
    };
    progress_init(&job->progress, shared, link);
    parts_init(&job->parts, shared, link);
    buffer_init(&job->input);
    buffer_init(&job->result);
}

void job_destroy(struct job *job)
{
    buffer_destroy(&job->input);
    buffer_destroy(&job->result);
}

uint64_t job_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int job_begin(struct job *job, const struct wire_head *run)
{
    size_t size = (size_t)run->size;

    job->tm.stop_value = run->job;
    job->seq = run->job;
    job->deadline_us = 0;
    job->result_max = run->payload_max;
    job->kind = WIRE_KIND_NONE;
    job->retry_ms = 0;
    job->cpu_us = 0;
    job->rss = 0;
    job->run_us = 0;
    job->id[0] = '\0';
    job->wants = run->wants;
    progress_begin(&job->progress, run->wants & WIRE_WANTS_PROGRESS);
    parts_begin(&job->parts, run->job, run->wants & WIRE_WANTS_PARTS);
    job->no_room = buffer_reserve(&job->input, size + 1) < 0 ? size : 0;
    if (job->no_room > 0)
        return -1;
    job->input.data[size] = '\0';
    job->input.len = size;
    return 0;
}

uint64_t job_begin_limit(struct job *job, uint64_t limit_us)
{
    uint64_t now_us = job_now_us();

    job->deadline_us = now_us + limit_us;
    return now_us;
}

void job_end(struct job *job)
{
    job->input.len = 0;
    job->result.len = 0;
}

bool job_is_large(const struct job *job)
{
    return job->input.capacity > BUFFER_KEEP || job->result.capacity > BUFFER_KEEP;
}

void job_trim(struct job *job)
{
    buffer_trim(&job->input);
    buffer_trim(&job->result);
}

/* Time and size at the beginning stand in the page, for the case that the process dies. */
static void begin_usage(struct job *job)
{
    job->cpu_us = measure_cpu_us();
    __atomic_store_n(&job->shared->rss, measure_rss(), __ATOMIC_RELAXED);
    __atomic_store_n(&job->shared->usage_cpu_us, job->cpu_us, __ATOMIC_RELAXED);
    __atomic_store_n(&job->shared->usage_job, job->seq, __ATOMIC_RELEASE);
}

static void end_usage(struct job *job)
{
    job->cpu_us = measure_cpu_us() - job->cpu_us;
    job->rss = measure_rss();
}

/* The only function to set an outcome; the first call wins. */
static void set_outcome(struct job *job, enum wire_kind kind, const char *code, const char *message)
{
    if (job->kind != WIRE_KIND_NONE)
        return;
    job->kind = kind;
    snprintf(job->code, sizeof(job->code), "%s", code);
    size_t message_max = kind == WIRE_KIND_MODULE ? MESSAGE_MAX : sizeof(job->message) - 1;
    text_clean(job->message, message_max + 1, message);
}

void job_run(struct job *job, const struct module *module)
{
    bool measured = job->wants & WIRE_WANTS_USAGE;

    if (measured)
        begin_usage(job);
    uint64_t begun_us = job_now_us();
    int result = module->descriptor.run(&job->tm);
    fork_guard_end_child(module->name, "run");
    job->ended_us = job_now_us();
    if (measured)
        end_usage(job);
    job->run_us = job->ended_us - begun_us + 1; /* 0 would mean: not known */

    if (result != 0 && job->kind == WIRE_KIND_NONE) {
        char message[MESSAGE_MAX];
        snprintf(message, sizeof(message), "module %s: run returned %d and did not say why",
                 module->name, result);
        set_outcome(job, WIRE_KIND_MODULE, "run-failed", message);
    }
}

void job_refuse(struct job *job, const struct refusal *refusal)
{
    set_outcome(job, refusal->unfit ? WIRE_KIND_UNFIT : WIRE_KIND_UNAVAILABLE, "", refusal->text);
}

bool job_fits_slot(const struct job *job)
{
    return job->kind == WIRE_KIND_NONE && job->result.len <= WORKER_RESULT_MAX && job->wants == 0;
}

void job_answer(const struct job *job, struct wire_head *head)
{
    *head = (struct wire_head){
        .type = job->kind == WIRE_KIND_NONE ? WIRE_DONE : WIRE_FAILED,
        .job = job->seq,
        .time_us = job->run_us,
        .cpu_us = job->cpu_us,
        .rss = job->rss,
        .kind = job->parts.refused ? WIRE_DONE_PARTLY : WIRE_DONE_WHOLE,
        .retry_ms = job->retry_ms,
        .size = job->kind == WIRE_KIND_TOO_LARGE ? 0 : job->result.len,
    };
    if (job->kind != WIRE_KIND_NONE) {
        head->kind = job->kind;
        memcpy(head->name, job->code, sizeof(job->code));
        head->text_len = (uint32_t)strlen(job->message);
    }
}

static struct job *job_of(tm_job *tm)
{
    return (struct job *)tm;
}

const char *job_data(tm_job *tm, size_t *len)
{
    struct job *job = job_of(tm);

    if (len != NULL)
        *len = job->input.len;
    return job->input.data;
}

const char *job_id(tm_job *tm)
{
    struct job *job = job_of(tm);

    if (job->id[0] == '\0')
        snprintf(job->id, sizeof(job->id), "%.40s-%" PRIu64, job->settings->boot, job->seq);
    return job->id;
}

int64_t job_time_left_ms(tm_job *tm)
{
    const struct job *job = job_of(tm);

    if (job->deadline_us == 0)
        return -1;
    uint64_t now = job_now_us();
    if (now >= job->deadline_us)
        return 0;
    return (int64_t)((job->deadline_us - now + 999) / 1000); /* rounded up: 0 is "over" */
}

const char *job_origin(tm_job *tm)
{
    const struct job *job = job_of(tm);

    return job->origin.id[0] != '\0' ? job->origin.id : NULL;
}

uint32_t job_attempt(tm_job *tm)
{
    return job_of(tm)->origin.attempt;
}

/* The master writes the reason before the job's number. */
const char *job_stop_reason(const tm_job *tm)
{
    static const char *const words[STOP_REASONS] = {
        [STOP_REASON_NONE] = "",
        [STOP_REASON_CANCEL] = "cancel",
        [STOP_REASON_TIMEOUT] = "timeout",
        [STOP_REASON_SOFT_TIMEOUT] = "soft-timeout",
        [STOP_REASON_SHUTDOWN] = "shutdown",
        [STOP_REASON_LINK] = "link",
        [STOP_REASON_READER] = "reader",
    };
    const struct job *job = (const struct job *)tm;
    const struct worker_page *page = &job->shared->page;

    if (__atomic_load_n(&page->stop_job, __ATOMIC_ACQUIRE) != job->seq)
        return "";
    uint32_t reason = __atomic_load_n(&page->stop_reason, __ATOMIC_RELAXED);
    return reason < STOP_REASONS ? words[reason] : "";
}

/* The bytes at hand become the details of an earlier failure. */
static int fail_too_large(struct job *job, const char *fmt, size_t bytes)
{
    char message[MESSAGE_MAX];

    snprintf(message, sizeof(message), fmt, bytes);
    set_outcome(job, WIRE_KIND_TOO_LARGE, "", message);
    return -1;
}

/* For a failed job, the bytes are details of the failure. Details beyond the limit are left out,
 * and the failure stays the same. */
int job_reply(tm_job *tm, const void *data, size_t len)
{
    struct job *job = job_of(tm);
    if (job->kind == WIRE_KIND_TOO_LARGE)
        return -1;
    if (len > job->result_max - job->result.len)
        return fail_too_large(job, "the result exceeds payload-max (%zu bytes)", job->result_max);
    if (buffer_append(&job->result, data, len) < 0)
        return fail_too_large(job, "the worker has no memory for a result of %zu bytes",
                              job->result.len + len);
    return 0;
}

int job_part(tm_job *tm, const void *data, size_t len)
{
    struct job *job = job_of(tm);

    if (!job->parts.wanted)
        return job_reply(tm, data, len);
    if (job->kind == WIRE_KIND_TOO_LARGE)
        return -1;
    if (len > job->result_max)
        return fail_too_large(job, "a part exceeds payload-max (%zu bytes)", job->result_max);
    return parts_send(&job->parts, data, len);
}

void job_progress(tm_job *tm, double fraction, const char *fmt, va_list args)
{
    struct job *job = job_of(tm);

    progress_report(&job->progress, job->seq, job_now_us(), fraction, fmt, args);
}

void job_log(tm_job *tm, tm_level level, const char *fmt, va_list args)
{
    (void)tm; /* the master knows this worker's job */
    report_v(level, fmt, args);
}

static bool code_valid(const char *code)
{
    size_t len = code != NULL ? strlen(code) : 0;

    return len >= 1 && len <= CODE_MAX &&
           strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

int job_fail(tm_job *tm, const char *code, const char *fmt, va_list args)
{
    char message[MESSAGE_MAX + 4]; /* 4 more: the character at the cut arrives whole */

    if (vsnprintf(message, sizeof(message), fmt, args) < 0)
        message[0] = '\0';
    set_outcome(job_of(tm), WIRE_KIND_MODULE, code_valid(code) ? code : "bad-code", message);
    return -1;
}

int job_retry(tm_job *tm, uint32_t delay_ms, const char *code, const char *fmt, va_list args)
{
    struct job *job = job_of(tm);
    bool first = job->kind == WIRE_KIND_NONE;

    job_fail(tm, code, fmt, args);
    if (first)
        job->retry_ms = delay_ms > 0 ? delay_ms : 1;
    return -1;
}
