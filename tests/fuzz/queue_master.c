/* queue_master: see queue_master.h. */
#include "queue_master.h"

#include "queue_world.h"

#include <string.h>

enum {
    HANDED_MAX = BOOK_JOBS,
    PAYLOAD_MAX = 4000, /* larger payloads are not taken */
    JOB_MAX = 50,
    GRACE_MS = 500,
};

struct handed {
    uint64_t seq;
    bool started, stopped;
};

enum state { AWAY, THERE, DRAINING };

static enum state state;
static unsigned boots, drained_boot;
static struct handed handed[HANDED_MAX];
static size_t count;

void queue_master_reset(void)
{
    boots = 1;
    drained_boot = 0;
    count = 0;
    state = AWAY;
}

/* --- what the queue asks for --- */

static struct handed *find(uint64_t seq)
{
    for (size_t i = 0; i < count; i++)
        if (handed[i].seq == seq)
            return &handed[i];
    return NULL;
}

/* A job is handed on once at a time, and only behind its row. */
static void op_submit(void *arg, struct kept *job)
{
    const struct stored_job *row = fake_engine_find(engine, kept_seq(job));
    (void)arg;
    bug_on(state != THERE || count == HANDED_MAX || find(kept_seq(job)));
    bug_on(!row || row->run.state != STORED_HANDED || row->run.attempt != job->stored->run.attempt);
    bug_on(!job->input && job->stored->input.size);
    bug_on(job->stored->input.size > PAYLOAD_MAX);
    bug_on(row->run.due_ms > keep_wall_ms(keep) || !row->run.attempt);
    handed[count++] = (struct handed){.seq = kept_seq(job)};
}

static void op_stop(void *arg, struct kept *job, bool kill)
{
    struct handed *of = find(kept_seq(job));
    (void)arg, (void)kill;
    bug_on(state == AWAY || !of);
    of->stopped = true;
}

const struct kept_master_ops queue_master_ops = {.submit = op_submit, .stop = op_stop};

/* --- coming and going --- */

static void come(bool anew)
{
    char boot[16];
    if (state != AWAY)
        return;
    boots += anew;
    snprintf(boot, sizeof boot, "m%u", boots);
    state = boots == drained_boot ? DRAINING : THERE;
    keep_master_up(keep, &(struct kept_master_about){.boot = boot,
                                                     .payload_max = PAYLOAD_MAX,
                                                     .job_max = JOB_MAX,
                                                     .kill_grace_ms = GRACE_MS});
    if (state == DRAINING)
        keep_master_draining(keep);
}

void queue_master_go(void)
{
    if (state == AWAY)
        return;
    count = 0;
    state = AWAY;
    keep_master_gone(keep);
}

/* The same boot never takes jobs again. */
static void note_drain(void)
{
    drained_boot = boots;
    state = DRAINING;
}

static void drain(void)
{
    if (state != THERE)
        return;
    note_drain();
    keep_master_draining(keep);
}

/* --- jobs --- */

static struct kept *job_of(const struct handed *of)
{
    struct kept *job = keep_handed(keep, of->seq);
    bug_on(!job || kept_seq(job) != of->seq);
    return job;
}

static void end(struct handed *of, struct kept_end *how)
{
    struct kept *job = job_of(of);
    how->message = "why";
    how->fields = how->fields ? how->fields : ",\"message\":\"why\"";
    how->has_order = how->has_order || of->started;
    *of = handed[--count];
    kept_on_end(job, how);
}

static void end_done(struct handed *of, unsigned size)
{
    static char bytes[255 * 40];
    memset(bytes, 'r', size);
    end(of, &(struct kept_end){.type = KEPT_END_DONE,
                               .fields = ",\"order\":1,\"run_us\":5",
                               .has_order = true,
                               .run_us = size * 100,
                               .delay_ms = -1,
                               .result = size ? payload_from(&budget, bytes, size) : NULL});
}

static void end_failed(struct handed *of, struct input *input)
{
    static const char *const reasons[] = {"error",       "timeout",   "module",
                                          "expired",     "cancelled", "shutdown",
                                          "unavailable", "too-large", "unknown-module"};
    uint8_t what = input_take(input);
    const char *reason = reasons[what % (sizeof reasons / sizeof *reasons)];
    if (strcmp(reason, "shutdown") == 0)
        note_drain();
    end(of, &(struct kept_end){.type = KEPT_END_FAILED,
                               .reason = reason,
                               .is_crash = what & 64 && strcmp(reason, "error") == 0,
                               .has_order = what & 128,
                               .retry_after_ms = what & 32 ? input_take(input) * 10u : 0,
                               .delay_ms = what & 16 ? input_take(input) : -1});
}

static void end_refused(struct handed *of, unsigned what)
{
    bool overload = what & 1;
    end(of, &(struct kept_end){.type = overload ? KEPT_END_OVERLOAD : KEPT_END_ERROR,
                               .reason = overload ? "queue-full" : "bad-request",
                               .retry_after_ms = overload ? what * 4 : 0,
                               .delay_ms = -1});
}

static void start(struct handed *of)
{
    if (of->started)
        return;
    of->started = true;
    kept_on_started(job_of(of), ",\"order\":1,\"worker\":2");
}

static void act_on(struct handed *of, struct input *input)
{
    uint8_t what = input_take(input);
    switch (what % 8) {
    case 0:
    case 1:
        start(of);
        break;
    case 2:
        if (of->started)
            kept_on_progress(job_of(of), ",\"fraction\":0.5");
        break;
    case 3:
    case 4:
        end_done(of, what & 128 ? input_take(input) * 40u : 0);
        break;
    case 5:
    case 6:
        end_failed(of, input);
        break;
    default:
        end_refused(of, what);
    }
}

void queue_master_act(struct input *input)
{
    uint8_t what = input_take(input);
    if (what < 16)
        queue_master_go();
    else if (what < 20)
        drain();
    else if (state == AWAY)
        come(what & 1);
    else if (count)
        act_on(&handed[what % count], input);
}

void queue_master_go_on(void)
{
    if (state == DRAINING)
        queue_master_go();
    come(true);
    while (count) {
        start(&handed[0]);
        end_done(&handed[0], 3);
    }
}
