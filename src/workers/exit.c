/* worker_exit: see exit.h. */
#include "workers/exit.h"
#include "workers/workers_internal.h"

#include "base/signal_name.h"
#include "common/log.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* --- where the worker was --- */

/* A module's code can run without a job. Writes its place as the end of a sentence, such as " in
 * the fini() of module x", and the module's name. Writes "" and "-" if there is no such place. */
static void find_place(const struct worker_link *link, char *text, size_t size,
                       char module[MODULE_NAME_MAX + 1])
{
    *text = '\0';
    if (!worker_link_has_been(link, LINK_READY) &&
        worker_process_preloading(&link->process, module)) {
        snprintf(text, size, " while it preloaded module %s", module);
        return;
    }
    enum worker_process_ending ending = worker_process_ending(&link->process, module);
    if (ending == WORKER_PROCESS_IN_FINI)
        snprintf(text, size, " in the fini() of module %s", module);
    else if (ending == WORKER_PROCESS_AT_EXIT)
        snprintf(text, size, " at its exit, with %s%s loaded",
                 *module ? "module " : "several modules or none", module);
    if (!*module || ending == WORKER_PROCESS_NOT_ENDING)
        memcpy(module, "-", sizeof "-");
}

/* The worker's job, if it has begun it; NULL otherwise. */
static const struct job *begun_job(const struct worker_link *link)
{
    const struct job *job = link->worker->job;
    bool begun = job && worker_claims_has_begun(&link->process.claims, job->run.tag, job->seq);
    return begun ? job : NULL;
}

/* The module of a begun job. The module of another job has no part in the end; an earlier module
 * may have one, with a timer for example. Writes "-" if no module's code is known to have run. */
static void find_module(const struct worker_link *link, char module[MODULE_NAME_MAX + 1])
{
    char place[LINK_WHY_MAX];
    const struct job *job = begun_job(link);
    find_place(link, place, sizeof place, module);
    if (job)
        snprintf(module, MODULE_NAME_MAX + 1, "%s", job->asked.module->name);
}

/* --- the sentence --- */

/* A SIGKILL of somebody else. */
static void describe_kill(const struct worker_link *link, char *text, size_t size)
{
    uint64_t kb = worker_process_memory_kb(&link->process);
    int len =
        snprintf(text, size,
                 "it was ended by SIGKILL, not by the server: mostly the kernel does that for "
                 "want of memory");
    if (kb)
        snprintf(text + len, size - (size_t)len, "; it had %" PRIu64 " KiB", kb);
}

static void describe_status(const struct worker_link *link, const int *status,
                            struct worker_exit *end, char *text, size_t size)
{
    if (status && WIFSIGNALED(*status)) {
        end->signal = WTERMSIG(*status);
        if (end->signal == SIGKILL && !worker_link_has_been(link, LINK_KILLED)) {
            describe_kill(link, text, size);
            return;
        }
        snprintf(text, size, "it was ended by %s%s", signal_name(end->signal),
                 WCOREDUMP(*status) ? " (core dumped)" : "");
    } else if (status) {
        end->exited = true;
        end->exit_status = WEXITSTATUS(*status);
        snprintf(text, size, "it exited with status %d", end->exit_status);
    } else {
        snprintf(text, size, "%s",
                 worker_link_has_been(link, LINK_CLOSED) ? "it closed its connection"
                                                         : "it was killed and does not end");
    }
}

void worker_exit_describe(const struct worker_link *link, const int *status,
                          struct worker_exit *end, char text[WORKER_EXIT_TEXT_MAX])
{
    char how[LINK_WHY_MAX - 8], place[LINK_WHY_MAX] = "", module[MODULE_NAME_MAX + 1];
    bool late = worker_link_has_been(link, LINK_KILLED) &&
                worker_link_has_been(link, LINK_RETIRING) && !link->worker->job;
    describe_status(link, status, end, how, sizeof how);
    if (!link->worker->job && !(status && *status == 0))
        find_place(link, place, sizeof place, module);
    snprintf(text, WORKER_EXIT_TEXT_MAX, "%s%s%s%s%s", link->why, link->why[0] ? "; " : "",
             late ? "it was told to end and did not in time: " : "", how, place);
    end->why = text;
}

void worker_exit_examine(const struct worker_link *link, const int *status,
                         struct post_mortem *crash)
{
    const struct job *job = begun_job(link);
    char module[MODULE_NAME_MAX + 1];
    find_module(link, module);
    crash->exists = false;
    if (status)
        post_mortem_read(crash, link->process.shared, *status, module);
    crash->job = job ? job->seq : 0;
}

/* --- the log --- */

/* The words of both lines. */
struct words {
    char why[WORKER_EXIT_TEXT_MAX + 64], module[MODULE_NAME_MAX + 1];
    char mark[POST_MORTEM_FINGERPRINT_MAX], top[POST_MORTEM_FRAME_MAX];
    const char *fingerprint, *frame; /* NULL without a post-mortem */
};

static void find_words(struct words *words, const struct worker_link *link, const char *why,
                       const struct post_mortem *crash)
{
    bool crashed = crash && crash->exists;
    bool unbegun = link->worker->job && !begun_job(link);
    find_module(link, words->module);
    snprintf(words->why, sizeof words->why, "%s%s", why,
             unbegun ? " before it had begun its job" : "");
    words->fingerprint = crashed ? post_mortem_fingerprint(crash, words->mark) : NULL;
    words->frame = crashed ? post_mortem_top(crash, words->top) : NULL;
}

static void log_loss(const struct worker_link *link, const struct words *words)
{
    const struct worker *worker = link->worker;
    const struct job *job = worker->job;
    char name[JOB_TEXT_MAX];
    if (!log_limits_allow(link->workers->log_limits, LOG_WARN, "worker-lost", words->module))
        return;
    log_event(LOG_WARN, "worker-lost", LOG_STR("pool", dispatcher_of(worker)->name),
              LOG_UINT("worker", worker->id), LOG_INT("pid", worker->pid),
              LOG_STR("why", words->why), LOG_STR("job", job_name(job, link->workers->boot, name)),
              LOG_STR("client", job_client(job)), LOG_STR_OPT("owner", job_owner(job)),
              LOG_STR_OPT("origin", job_origin_id(job)), LOG_STR("module", words->module),
              LOG_STR_OPT("fingerprint", words->fingerprint), LOG_STR_OPT("frame", words->frame));
}

static void log_end_of_lost(const struct worker_link *link, const struct words *words)
{
    const struct worker *worker = link->worker;
    if (!log_limits_allow(link->workers->log_limits, LOG_INFO, "worker-ended", words->module))
        return;
    log_event(LOG_INFO, "worker-ended", LOG_STR("pool", dispatcher_of(worker)->name),
              LOG_UINT("worker", worker->id), LOG_INT("pid", worker->pid),
              LOG_STR("reason", worker_end_name(worker->end)),
              LOG_UINT("jobs_done", worker->jobs_done), LOG_STR("module", words->module));
}

static void log_end(const struct worker_link *link, bool well, const struct words *words)
{
    const struct worker *worker = link->worker;
    const struct job *job = worker->job;
    char name[JOB_TEXT_MAX];
    if (!log_limits_allow(link->workers->log_limits, well ? LOG_INFO : LOG_WARN, "worker-ended",
                          words->module))
        return;
    log_event(well ? LOG_INFO : LOG_WARN, "worker-ended",
              LOG_STR("pool", dispatcher_of(worker)->name), LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid), LOG_STR("reason", worker_end_name(worker->end)),
              LOG_UINT("jobs_done", worker->jobs_done), LOG_STR("why", words->why),
              LOG_STR("job", job_name(job, link->workers->boot, name)),
              LOG_STR("client", job_client(job)), LOG_STR_OPT("owner", job_owner(job)),
              LOG_STR_OPT("origin", job_origin_id(job)), LOG_STR("module", words->module),
              LOG_STR_OPT("fingerprint", words->fingerprint), LOG_STR_OPT("frame", words->frame));
}

/* A worker ends with status 0 if it was told to end, and no job can be the reason for its end. */
static bool ended_well(const struct worker_link *link, int status)
{
    return link->worker->job || !worker_link_has_been(link, LINK_RETIRING) || status == 0;
}

/* SIGTERM was sent for the job, and the worker heeded it. */
static bool ended_for_job(const struct worker_link *link, const int *status)
{
    const struct job *job = link->worker->job;
    if (!link->worker->signalled || !job || job->state != JOB_STOPPING || !status)
        return false;
    return WIFEXITED(*status) || (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGTERM);
}

static bool is_expected(const struct worker_link *link, const int *status)
{
    return (worker_is_ending(link->worker) && !link->loss_unlogged) || ended_for_job(link, status);
}

void worker_exit_log(struct worker_link *link, const int *status, const char *why,
                     const struct post_mortem *crash)
{
    struct words words;
    bool expected = is_expected(link, status);
    link->loss_unlogged = false;
    find_words(&words, link, why, crash);
    if (!expected || !status)
        log_loss(link, &words);
    if (status && expected)
        log_end(link, ended_well(link, *status), &words);
    else if (status)
        log_end_of_lost(link, &words);
}
