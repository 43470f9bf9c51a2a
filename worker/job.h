/*
 * job: one job while a module is on it, and how it came out: the tm_job behind module.h.
 *
 * The outcome is sticky. It begins as done; the first tm_fail(), or the first reply beyond what the
 * result may have, settles it, and nothing that the module does afterwards changes it. One struct
 * job serves all jobs of a worker, one after the other, so that a job allocates nothing.
 */
#ifndef TASKMASTER_WORKER_JOB_H
#define TASKMASTER_WORKER_JOB_H

#include "buffer.h"
#include "common/limits.h"
#include "common/wire.h"
#include "loader.h"
#include "settings.h"

#include <taskmaster/module.h>

#include <stdbool.h>

struct job {
    tm_job tm;                       /* first: a module's tm_job * is this */
    const struct settings *settings; /* borrowed */
    uint64_t seq;                    /* the job's sequence number */
    uint64_t run_us;                 /* how long its module ran; 0: it did not */
    uint64_t deadline_us;            /* CLOCK_MONOTONIC; 0: none */
    size_t result_max;               /* bytes of its result, as its client was told */
    struct buffer input;
    struct buffer result;
    enum wire_kind kind; /* WIRE_KIND_NONE: done */
    char code[CODE_MAX + 1];
    char message[WIRE_TEXT_MAX];
    char id[ID_MAX + 1]; /* made when the module asks for it */
};

/* `settings` and `stop_word` are borrowed for the job's life. */
void job_init(struct job *job, const struct settings *settings, const uint64_t *stop_word);
void job_destroy(struct job *job);

/* CLOCK_MONOTONIC. */
uint64_t job_now_us(void);

/* Begins the job of a RUN: no outcome yet, and room for its payload, which the caller then puts at
 * job->input.data. Each is ended by job_end(). */
void job_begin(struct job *job, const struct wire_head *run);
void job_end(struct job *job);

/* Whether it holds memory that only large jobs need, and giving that back, between jobs. */
bool job_is_large(const struct job *job);
void job_trim(struct job *job);

/* Has the module do the job and settles its outcome. */
void job_run(struct job *job, const struct module *module);

/* Settles the outcome without a module, in the refusal's words. */
void job_refuse(struct job *job, const struct refusal *refusal);

/* Fills in the head of the answer. Its text is job->message and its payload job->result, as far as
 * the head gives them a length. */
void job_answer(const struct job *job, struct wire_head *head);

/* What the functions of module.h call. */
const char *job_data(tm_job *tm, size_t *len);
const char *job_id(tm_job *tm);
int64_t job_time_left_ms(tm_job *tm);
int job_reply(tm_job *tm, const void *data, size_t len);
void job_progress(tm_job *tm, double fraction, const char *fmt, va_list args) TM_PRINTF(3, 0);
void job_log(tm_job *tm, tm_level level, const char *fmt, va_list args) TM_PRINTF(3, 0);
int job_fail(tm_job *tm, const char *code, const char *fmt, va_list args) TM_PRINTF(3, 0);

#endif
