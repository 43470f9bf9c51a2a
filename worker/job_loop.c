/*
 * job_loop: see job_loop.h.
 *
 * A job that comes alone costs three system calls: recv, sendmsg, and a quick check (a hundredth of
 * their time) whether the answer has left. Two more calls follow a module able to do harm
 * (effects.h): one restores the signal mask and one checks the connection. Both come before the
 * answer. A SIGTERM left blocked would keep the next job from being stopped; a signal left pending
 * must end the process during its own job; and the job that closed the connection must pay for it.
 * Other changes to the process are undone before a job of another module is claimed: if the process
 * ends there, no job is lost.
 *
 * When jobs come together and are quick, each small result is left in its slot while the next job
 * is at hand; one message then tells the master of all of them (common/worker_page.h).
 */
#include "job_loop.h"

#include "common/name.h"
#include "common/worker_page.h"
#include "effects.h"
#include "job.h"
#include "module_functions.h"
#include "report.h"
#include "usage.h"

#include <string.h>

enum {
    QUICK_US = 200, /* between jobs, the master is told at least this often */
    IDLE_MS = 200, /* after so long without a job, the worker gives memory back and looks at its use
                      of the process */
};

struct loop {
    struct master_link *link;
    struct worker_shared *shared;
    struct usage usage;
    bool used;        /* a job was begun in this process */
    bool untold;      /* the master was not told of some results in slots */
    uint64_t told_us; /* the last message to the master, or the arrival of the first job at hand */
};

/* The text of a RUN. Few jobs have one. */
static enum link_status take_origin(struct master_link *link, struct wire_origin *origin,
                                    const struct wire_head *head)
{
    enum link_status status = LINK_OK;

    origin->attempt = 0;
    origin->id[0] = '\0';
    if (head->text_len > 0)
        status = master_link_read(link, origin, sizeof(*origin));
    origin->id[ORIGIN_MAX] = '\0';
    return status;
}

/* The master sees the time in the page. */
static enum link_status take_ping(struct loop *loop, const struct wire_head *ping)
{
    struct wire_head pong = {.type = WIRE_PONG};

    __atomic_store_n(&loop->shared->pinged_us, job_now_us(), __ATOMIC_RELEASE);
    return ping->kind == WIRE_PING_SAY ? master_link_send(loop->link, &pong, NULL, NULL) : LINK_OK;
}

static enum link_status take_run(struct loop *loop, struct job *job, const struct wire_head *head)
{
    enum link_status status;

    if (head->type != WIRE_RUN || head->slot >= WORKER_CLAIMS ||
        !module_name_valid(head->name, strlen(head->name))) {
        report(TM_ERROR, "the master's message is broken: type %u, name %s", (unsigned)head->type,
               head->name);
        return LINK_BROKEN;
    }
    if ((status = take_origin(loop->link, &job->origin, head)) != LINK_OK)
        return status;
    if (job_begin(job, head) < 0)
        return master_link_skip(loop->link, head->size);
    return master_link_read(loop->link, job->input.data, job->input.len);
}

/* Jobs before may have taken the memory; in a fresh worker the limit is too low for this job. */
static const struct module *refuse_for_memory(const struct loop *loop, const struct job *job,
                                              struct refusal *refusal)
{
    refusal_set(refusal,
                "this worker has no memory for a payload of %zu bytes: jobs have taken it, or "
                "memory-max is too low",
                job->no_room);
    refusal->unfit = loop->used;
    return NULL;
}

static void do_job(struct loop *loop, struct job *job, struct loader *loader, const char *name)
{
    struct refusal refusal;
    const struct module *module = job->no_room > 0 ? refuse_for_memory(loop, job, &refusal)
                                                   : loader_get(loader, name, &refusal);

    if (module != NULL)
        job_run(job, module);
    else
        job_refuse(job, &refusal);
    loop->used |= module != NULL;
    loader_reset_mask(loader);
    report_flush_stdout(); /* the module's output is logged for this job, not the next */
}

/* Answers with a message. The same message tells the master of results in slots. */
static enum link_status send_answer(struct loop *loop, struct job *job)
{
    struct wire_head head;

    job_answer(job, &head);
    head.leaving = loop->usage.leaving;
    loop->untold = false;
    loop->told_us = job_now_us();
    return master_link_send(loop->link, &head, job->message, job->result.data);
}

static enum link_status send_answered(struct loop *loop)
{
    struct wire_head head = {.type = WIRE_ANSWERED, .leaving = loop->usage.leaving};

    loop->untold = false;
    return master_link_send(loop->link, &head, NULL, NULL);
}

static void leave_result(struct worker_shared *shared, uint32_t slot, const struct job *job)
{
    struct worker_result *result = &shared->results[slot];

    result->run_us = job->run_us;
    result->size = (uint32_t)job->result.len;
    memcpy(result->data, job->result.data, job->result.len);
    __atomic_store_n(&shared->claims[slot], claim_word(job->seq, CLAIM_ANSWERED), __ATOMIC_RELEASE);
}

static bool may_leave_result(const struct loop *loop, const struct job *job)
{
    return job_fits_slot(job) && loop->usage.leaving == WIRE_STAYS &&
           master_link_has_message(loop->link) && job_now_us() - loop->told_us < QUICK_US;
}

static enum link_status answer(struct loop *loop, struct job *job, uint32_t slot)
{
    enum link_status status = LINK_OK;

    usage_after_job(&loop->usage, job->ended_us, job->kind == WIRE_KIND_MODULE);
    if (may_leave_result(loop, job)) {
        leave_result(loop->shared, slot, job);
        loop->untold = true;
    } else {
        if ((status = progress_end(&job->progress)) == LINK_OK)
            status = send_answer(loop, job);
    }
    job_end(job);
    return status;
}

/* Called when no job is at hand: tells the master of the results in slots. */
static enum link_status before_waiting(struct loop *loop, const struct job *job)
{
    bool has_chores = loop->usage.worked || job_is_large(job);

    master_link_set_patience(loop->link, has_chores ? IDLE_MS : 0);
    return loop->untold ? send_answered(loop) : LINK_OK;
}

/* Called once when no job has come for a moment. */
static enum link_status after_idling(struct loop *loop, struct job *job)
{
    bool leaving = loop->usage.leaving != WIRE_STAYS;

    job_trim(job);
    usage_when_idle(&loop->usage);
    master_link_set_patience(loop->link, 0);
    return !leaving && loop->usage.leaving != WIRE_STAYS ? send_answered(loop) : LINK_OK;
}

static enum link_status next_head(struct loop *loop, struct job *job, struct wire_head *head)
{
    bool waits = !master_link_has_message(loop->link);
    enum link_status status = waits ? before_waiting(loop, job) : LINK_OK;

    if (status == LINK_OK)
        status = master_link_receive(loop->link, head, PAYLOAD_SIZE_MAX);
    if (status == LINK_IDLE && (status = after_idling(loop, job)) == LINK_OK)
        status = master_link_receive(loop->link, head, PAYLOAD_SIZE_MAX);
    if (waits)
        loop->told_us = job_now_us();
    return status;
}

static enum link_status next_job(struct loop *loop, struct job *job, struct wire_head *head)
{
    enum link_status status = next_head(loop, job, head);

    while (status == LINK_OK && head->type == WIRE_PING) {
        status = take_ping(loop, head);
        if (status == LINK_OK)
            status = next_head(loop, job, head);
    }
    return status == LINK_OK ? take_run(loop, job, head) : status;
}

/* Begins the job, and its time limit. Returns false if the master has reclaimed the job. */
static bool claim(struct loop *loop, struct job *job, const struct wire_head *head)
{
    if (head->time_us)
        __atomic_store_n(&loop->shared->begun_us, job_begin_limit(job, head->time_us),
                         __ATOMIC_RELAXED);
    return claim_settle(&loop->shared->claims[head->slot], head->job, CLAIM_BEGUN);
}

/* Leaving a result in its slot does not use the connection. If this job has closed the connection,
 * this job must fail, not the next one. */
static enum link_status check_link(const struct loop *loop, const struct loader *loader,
                                   const char *module)
{
    if (!(loader_effects(loader) & EFFECT_FILES) || master_link_is_whole(loop->link))
        return LINK_OK;
    report(TM_ERROR, "module %s closed the worker's connection to the master", module);
    return LINK_BROKEN;
}

enum link_status job_loop_run(struct master_link *link, struct loader *loader,
                              const struct settings *settings, struct worker_shared *shared)
{
    struct loop loop = {.link = link, .shared = shared};
    struct job job;
    struct wire_head head;
    enum link_status status;

    job_init(&job, &module_functions, settings, shared, link);
    usage_init(&loop.usage, loader, shared, job_now_us());
    while ((status = next_job(&loop, &job, &head)) == LINK_OK) {
        master_link_await_delivery(link);
        if (loader_leave(loader, head.name) < 0) {
            status = LINK_BROKEN;
            break;
        }
        if (!claim(&loop, &job, &head)) {
            job_end(&job); /* reclaimed by the master for another worker */
            continue;
        }
        do_job(&loop, &job, loader, head.name);
        if ((status = check_link(&loop, loader, head.name)) != LINK_OK ||
            (status = answer(&loop, &job, head.slot)) != LINK_OK)
            break;
    }
    job_destroy(&job);
    return status;
}
