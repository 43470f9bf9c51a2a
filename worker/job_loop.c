/*
 * job_loop: see job_loop.h.
 *
 * A job costs three system calls: recv, sendmsg, and the one that restores the signal mask. That
 * last one takes about a hundredth of the other two's time and is made before the answer: a module
 * that left SIGTERM blocked must not keep the next job from being stopped, and one that is pending
 * ends the process while its own job is still on it.
 */
#include "job_loop.h"

#include "common/worker_page.h"
#include "job.h"
#include "report.h"

#include <signal.h>

static enum link_status take_job(struct master_link *link, struct job *job, struct wire_head *head)
{
    enum link_status status = master_link_receive(link, head, job->settings->payload_max);

    if (status != LINK_OK)
        return status;
    if (head->type != WIRE_RUN || head->slot >= WORKER_CLAIMS || !loader_name_valid(head->name)) {
        report(TM_ERROR, "the master's message is broken: type %u, name %s", (unsigned)head->type,
               head->name);
        return LINK_BROKEN;
    }
    job_begin(job, head->job, head->limit_us, (size_t)head->size);
    return master_link_read(link, job->input.data, job->input.len);
}

static void do_job(struct job *job, struct loader *loader, const char *name)
{
    struct refusal refusal;
    sigset_t none;
    const struct module *module = loader_get(loader, name, &refusal);

    if (module != NULL)
        job_run(job, module);
    else
        job_refuse(job, refusal.text);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    report_flush_stdout(); /* so that what the module printed is logged as this job's */
}

static enum link_status answer(struct master_link *link, struct job *job)
{
    struct wire_head head;

    job_answer(job, &head);
    enum link_status status = master_link_send(link, &head, job->message, job->result.data);
    job_end(job);
    return status;
}

enum link_status job_loop_run(struct master_link *link, struct loader *loader,
                              const struct settings *settings, const uint64_t *stop_word,
                              uint64_t *claims)
{
    struct job job;
    struct wire_head head;
    enum link_status status;

    job_init(&job, settings, stop_word);
    while ((status = take_job(link, &job, &head)) == LINK_OK) {
        if (!claim_settle(&claims[head.slot], head.job, CLAIM_BEGUN))
            continue; /* the master has taken it back and given it to another worker */
        do_job(&job, loader, head.name);
        if ((status = answer(link, &job)) != LINK_OK)
            break;
    }
    job_destroy(&job);
    return status;
}
