/*
 * job_loop: see job_loop.h.
 *
 * A job that comes alone costs three system calls: recv and sendmsg, and one that takes a hundredth
 * of their time and sees that the answer has left. Where the module can reach that far (reach.h),
 * one restores the signal mask and one sees that the connection is still there. Both come before
 * the answer: a module that left SIGTERM blocked must not keep the next job from being stopped, one
 * that is pending ends the process while its own job is still on it, and whoever closed the
 * connection pays for it. What else a module has changed of the process is put back before a job of
 * another module is claimed: should that end the worker, no job goes with it.
 *
 * Of jobs that come together, each small result is left in its slot as long as the next job is at
 * hand and they are quick; then one message tells of all (common/worker_page.h).
 */
#include "job_loop.h"

#include "common/module_name.h"
#include "common/worker_page.h"
#include "job.h"
#include "reach.h"
#include "report.h"

#include <signal.h>
#include <string.h>

enum {
    QUICK_US = 200, /* the master is told at least as often as this, between jobs */
    LARGE_MS = 200, /* how long an idle worker keeps what a large job needed */
};

struct loop {
    struct master_link *link;
    struct worker_shared *shared;
    bool untold;      /* results are in slots that the master was not told of */
    uint64_t told_us; /* when the master was told last, or the first of the jobs at hand came */
};

static enum link_status take_job(struct master_link *link, struct job *job, struct wire_head *head)
{
    enum link_status status = master_link_receive(link, head, PAYLOAD_SIZE_MAX);

    if (status != LINK_OK)
        return status;
    if (head->type != WIRE_RUN || head->slot >= WORKER_CLAIMS ||
        !module_name_valid(head->name, strlen(head->name))) {
        report(TM_ERROR, "the master's message is broken: type %u, name %s", (unsigned)head->type,
               head->name);
        return LINK_BROKEN;
    }
    job_begin(job, head);
    return master_link_read(link, job->input.data, job->input.len);
}

static void unblock_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void do_job(struct job *job, struct loader *loader, const char *name)
{
    struct refusal refusal;
    const struct module *module = loader_get(loader, name, &refusal);

    if (module != NULL)
        job_run(job, module);
    else
        job_refuse(job, &refusal);
    if (loader_reach(loader) & REACH_MASK)
        unblock_signals();
    report_flush_stdout(); /* so that what the module printed is logged as this job's */
}

/* Answers by a message, which tells of the results in slots as well. */
static enum link_status send_answer(struct master_link *link, struct job *job)
{
    struct wire_head head;

    job_answer(job, &head);
    return master_link_send(link, &head, job->message, job->result.data);
}

static enum link_status send_answered(struct master_link *link)
{
    struct wire_head head = {.type = WIRE_ANSWERED};

    return master_link_send(link, &head, NULL, NULL);
}

static void leave_result(struct worker_shared *shared, uint32_t slot, const struct job *job)
{
    struct worker_result *result = &shared->results[slot];

    result->size = (uint32_t)job->result.len;
    memcpy(result->data, job->result.data, job->result.len);
    __atomic_store_n(&shared->claims[slot], claim_word(job->seq, CLAIM_ANSWERED), __ATOMIC_RELEASE);
}

static bool may_leave_result(const struct loop *loop, const struct job *job)
{
    return job->kind == WIRE_KIND_NONE && job->result.len <= WORKER_RESULT_MAX &&
           master_link_has_message(loop->link) && job_now_us() - loop->told_us < QUICK_US;
}

static enum link_status answer(struct loop *loop, struct job *job, uint32_t slot)
{
    enum link_status status = LINK_OK;

    if (may_leave_result(loop, job)) {
        leave_result(loop->shared, slot, job);
        loop->untold = true;
    } else {
        status = send_answer(loop->link, job);
        loop->untold = false;
        loop->told_us = job_now_us();
    }
    job_end(job);
    return status;
}

/* Before the worker has to wait, the master is told of the results in slots; and what only large
 * jobs need is given back once none has come for a moment. */
static enum link_status before_waiting(struct loop *loop, struct job *job)
{
    if (loop->untold) {
        enum link_status status = send_answered(loop->link);
        if (status != LINK_OK)
            return status;
        loop->untold = false;
    }
    if (job_is_large(job) && !master_link_wait(loop->link, LARGE_MS))
        job_trim(job);
    return LINK_OK;
}

static enum link_status next_job(struct loop *loop, struct job *job, struct wire_head *head)
{
    bool waits = !master_link_has_message(loop->link);
    enum link_status status = waits ? before_waiting(loop, job) : LINK_OK;

    if (status == LINK_OK)
        status = take_job(loop->link, job, head);
    if (waits)
        loop->told_us = job_now_us();
    return status;
}

/* A result that is left in its slot does not touch the connection. If this job has closed it, the
 * next one must not pay for that. */
static enum link_status check_link(const struct loop *loop, const struct loader *loader,
                                   const char *module)
{
    if (!(loader_reach(loader) & REACH_FILES) || master_link_is_whole(loop->link))
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

    job_init(&job, settings, &shared->page.stop_job);
    while ((status = next_job(&loop, &job, &head)) == LINK_OK) {
        master_link_settle(link);
        if (loader_leave(loader, head.name) < 0) {
            status = LINK_BROKEN;
            break;
        }
        if (!claim_settle(&shared->claims[head.slot], head.job, CLAIM_BEGUN)) {
            job_end(&job); /* the master has taken it back and given it to another worker */
            continue;
        }
        do_job(&job, loader, head.name);
        if ((status = check_link(&loop, loader, head.name)) != LINK_OK ||
            (status = answer(&loop, &job, head.slot)) != LINK_OK)
            break;
    }
    job_destroy(&job);
    return status;
}
