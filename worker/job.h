/*
 * job: the worker's side of tm_job: one job while a module runs it, and its outcome.
 *
 * The outcome is sticky: done at first, and set by the first tm_fail() or the first reply
 * beyond the result's limit. Later calls do not change it. One struct job serves all jobs of a
 * worker, one after the other, so that a job allocates nothing.
 */
#ifndef TASKMASTER_WORKER_JOB_H
#define TASKMASTER_WORKER_JOB_H

#include "buffer.h"
#include "common/limits.h"
#include "common/wire.h"
#include "module_object.h"
#include "parts.h"
#include "progress.h"
#include "refusal.h"
#include "settings.h"

#include <taskmaster/module.h>

#include <stdbool.h>

struct job {
    tm_job tm;                       /* first: a module's tm_job * is this */
    const struct settings *settings; /* borrowed */
    uint64_t seq;                    /* the job's sequence number */
    uint64_t run_us;                 /* time in the module; 0: the module did not run */
    uint64_t ended_us;               /* the end of the last run, CLOCK_MONOTONIC */
    uint64_t deadline_us;            /* CLOCK_MONOTONIC; 0: none */
    size_t result_max;               /* bytes, as announced to the client */
    size_t no_room;                  /* bytes of a payload without memory for it; 0: it is there */
    struct buffer input;
    struct buffer result;
    enum wire_kind kind; /* WIRE_KIND_NONE: done */
    uint32_t retry_ms;   /* 0: the module asks for no other try */
    char code[CODE_MAX + 1];
    char message[WIRE_TEXT_MAX];
    char id[ID_MAX + 1]; /* "": not asked for yet */
    struct wire_origin origin;
    uint32_t wants; /* of the submitter: a set of enum wire_wants */
    struct progress progress;
    struct worker_shared *shared; /* borrowed */
    struct parts parts;
    uint64_t cpu_us, rss; /* for a submitter that asks */
};

/* All are borrowed until job_destroy(). */
void job_init(struct job *job, const struct tm_functions *functions,
              const struct settings *settings, struct worker_shared *shared,
              struct master_link *link);
void job_destroy(struct job *job);

/* The time of CLOCK_MONOTONIC in microseconds. */
uint64_t job_now_us(void);

/* Begins the job of a RUN message, without an outcome. The caller has filled in the origin. The
 * caller then writes run->size bytes of payload to job->input.data, and calls job_end() after the
 * answer. Returns 0, or -1 if there is no memory for the payload: the job can only be refused. */
int job_begin(struct job *job, const struct wire_head *run);
void job_end(struct job *job);

/* The job has `limit_us` from now on. Returns the present time. Not called for a job without limit.
 */
uint64_t job_begin_limit(struct job *job, uint64_t limit_us);

/* Between jobs: whether the buffers are larger than small jobs need, and shrinking them. */
bool job_is_large(const struct job *job);
void job_trim(struct job *job);

/* Calls the module's run() and sets the outcome. */
void job_run(struct job *job, const struct module *module);

/* Sets the outcome without a module, with the text of the refusal. */
void job_refuse(struct job *job, const struct refusal *refusal);

/* True if the result may be left in its slot; otherwise the answer has to be a message. */
bool job_fits_slot(const struct job *job);

/* Fills in the head of the answer. The answer's text is the first head->text_len bytes of
 * job->message, its payload the first head->size bytes of job->result. */
void job_answer(const struct job *job, struct wire_head *head);

/* Called by the functions of module.h. */
const char *job_data(tm_job *tm, size_t *len);
const char *job_id(tm_job *tm);
int64_t job_time_left_ms(tm_job *tm);
const char *job_origin(tm_job *tm);
uint32_t job_attempt(tm_job *tm);
const char *job_stop_reason(const tm_job *tm);
int job_reply(tm_job *tm, const void *data, size_t len);
int job_part(tm_job *tm, const void *data, size_t len);
void job_progress(tm_job *tm, double fraction, const char *fmt, va_list args) TM_PRINTF(3, 0);
void job_log(tm_job *tm, tm_level level, const char *fmt, va_list args) TM_PRINTF(3, 0);
int job_fail(tm_job *tm, const char *code, const char *fmt, va_list args) TM_PRINTF(3, 0);
int job_retry(tm_job *tm, uint32_t delay_ms, const char *code, const char *fmt, va_list args)
    TM_PRINTF(4, 0);

#endif
