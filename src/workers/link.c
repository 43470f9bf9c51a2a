/* worker_link: see link.h. */
#include "workers/link.h"
#include "workers/message.h"
#include "workers/workers_internal.h"

#include "base/file_room.h"
#include "base/signal_name.h"
#include "common/log.h"
#include "common/wire.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

enum {
    CLOSED_GRACE_MS = 200, /* for a worker whose connection ended to end by itself */
    KILLED_GRACE_MS =
        1000, /* for a killed process to be reaped before its job's end is told all the same */
    READ_ON_DEATH = 1 << 20, /* bytes that are on their way from a worker, besides a result */
    REAP_BATCH = 16,         /* processes reaped in one turn: each takes some twenty system calls */
};

/* --- the end of a worker --- */

/* What comes after this must not give it another job. */
static void close_conn(struct worker_link *link)
{
    if (!link->conn)
        return;
    if (link->worker && link->worker->state != WORKER_STARTING)
        link->worker->draining = true;
    link->conn->owner = NULL;
    conn_close(&link->conn->conn);
    link->conn = NULL;
}

static void note_late(struct worker_link *link)
{
    if (link->authenticated || link->late || !link->worker->pid)
        return;
    link->late = true;
    worker_late_note(&link->workers->late, link->worker->id, link->token,
                     workers_timers(link->workers)->now_us);
}

static void kill_process(struct worker_link *link)
{
    link->killed = true;
    note_late(link);
    worker_process_signal(&link->process, SIGKILL);
    timer_set_ms(workers_timers(link->workers), &link->timer, KILLED_GRACE_MS);
}

static void say_lost(struct worker_link *link, const char *why, const char *module)
{
    const struct job *job = link->worker->job;
    char name[JOB_TEXT_MAX];
    if (!job_log_allows(&link->workers->job_log, LOG_WARN, "worker-lost", module))
        return;
    log_event(LOG_WARN, "worker-lost", LOG_UINT("worker", link->worker->id),
              LOG_INT("pid", link->worker->pid), LOG_STR("why", why),
              LOG_STR("job", job_name(job, link->workers->boot, name)),
              LOG_STR("client", job_client(job)), LOG_STR("module", module));
}

/* A worker that was told to end, and had no job that could be why, ends with status 0. `status`:
 * the wait status, if it is known. */
static bool ended_well(const struct worker_link *link, const int *status)
{
    return link->worker->job || !link->told_to_end || !status || *status == 0;
}

/* One that was told to end, or was ended for its job. */
static void say_exit(struct worker_link *link, const int *status, const char *why,
                     const char *module)
{
    const struct job *job = link->worker->job;
    const bool well = ended_well(link, status);
    char name[JOB_TEXT_MAX];
    if (!job_log_allows(&link->workers->job_log, well ? LOG_INFO : LOG_WARN, "worker-exit", module))
        return;
    log_event(well ? LOG_INFO : LOG_WARN, "worker-exit", LOG_UINT("worker", link->worker->id),
              LOG_INT("pid", link->worker->pid), LOG_STR("why", why),
              LOG_STR("job", job_name(job, link->workers->boot, name)),
              LOG_STR("client", job_client(job)), LOG_STR("module", module));
}

/* SIGTERM was for its job, and it heeded that. */
static bool ended_for_job(const struct worker_link *link, const int *status)
{
    const struct job *job = link->worker->job;
    if (!link->worker->signalled || !job || job->state != JOB_STOPPING || !status)
        return false;
    return WIFEXITED(*status) || (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGTERM);
}

static bool has_begun(const struct worker_link *link, const struct job *job)
{
    return worker_claims_has_begun(&link->process.claims, job->run.tag, job->seq);
}

/* The module of a job that it had not begun has no part in its end: what an earlier one left may
 * have, a timer, say. */
static void log_end(struct worker_link *link, const int *status, const char *why)
{
    const struct job *job = link->worker->job;
    char place[WORKER_WHY_MAX], module[MODULE_NAME_MAX + 1], text[5 * WORKER_WHY_MAX];
    bool expected =
        (worker_is_ending(link->worker) && !link->untold) || ended_for_job(link, status);
    link->untold = false;
    worker_exit_place(link, place, sizeof place, module);
    bool begun = job && has_begun(link, job);
    if (begun)
        snprintf(module, sizeof module, "%s", job->asked.module->name);
    snprintf(text, sizeof text, "%s%s", why, job && !begun ? " before it had begun its job" : "");
    if (expected)
        say_exit(link, status, text, module);
    else
        say_lost(link, text, module);
}

/* All that is known of its end, in one sentence. */
static void describe_end(const struct worker_link *link, const int *status, struct worker_exit *end,
                         char *text, size_t size)
{
    char how[WORKER_WHY_MAX - 8], place[WORKER_WHY_MAX] = "", module[MODULE_NAME_MAX + 1];
    bool late = link->killed && link->told_to_end && !link->worker->job;
    worker_exit_describe(status, link->closed, end, how, sizeof how);
    if (!link->worker->job && !(status && *status == 0))
        worker_exit_place(link, place, sizeof place, module);
    snprintf(text, size, "%s%s%s%s%s", link->why, link->why[0] ? "; " : "",
             late ? "it was told to end and did not in time: " : "", how, place);
    end->why = text;
}

/* Tells the dispatcher. `status`: the wait status, if it is known. */
static void lose(struct worker_link *link, const int *status)
{
    char text[4 * WORKER_WHY_MAX];
    struct worker_exit end = {.signal = 0};
    describe_end(link, status, &end, text, sizeof text);
    worker_output_drain(&link->output);
    worker_output_end_line(&link->output);
    if (!link->untold || status)
        log_end(link, status, text);
    if (link->worker->job)
        end.details = worker_exit_details(link, &end);
    dispatcher_worker_lost(link->workers->dispatcher, link->worker, &end);
    payload_unref(end.details);
}

/* Without a connection an idle worker must not be given a job; what a busy one leaves is told when
 * it has ended. So is, to the log, what an idle one died of. */
static void unfit(struct worker_link *link)
{
    if (link->worker->state != WORKER_IDLE)
        return;
    link->untold = true;
    lose(link, NULL);
}

void worker_link_break_off(struct worker_link *link, const char *fault)
{
    const struct job *job = link->worker->job;
    const char *module = job ? job->asked.module->name : "-";
    if (job_log_allows(&link->workers->job_log, LOG_ERROR, "worker-protocol", module))
        log_event(LOG_ERROR, "worker-protocol", LOG_UINT("worker", link->worker->id),
                  LOG_INT("pid", link->worker->pid), LOG_STR("why", fault),
                  LOG_STR("module", module));
    snprintf(link->why, sizeof link->why, "it broke its protocol: %s", fault);
    close_conn(link);
    kill_process(link);
    unfit(link);
}

/* Results of several jobs may lie in our receive buffer; but a worker begins its next job only when
 * that holds all of a large one (worker/master_link.c), so that at most one is on its way. */
static size_t last_message_max(const struct worker_link *link)
{
    size_t most = link->worker->job ? link->worker->job->asked.payload_max : 0;
    const struct job *job;
    TAILQ_FOREACH (job, &link->worker->prefetched, links.waiting)
        if (job->asked.payload_max > most)
            most = job->asked.payload_max;
    return READ_ON_DEATH + most;
}

void worker_link_disconnected(struct worker_link *link)
{
    struct conn *conn = &link->conn->conn;
    if (!link->closed && link->worker->state != WORKER_STARTING) {
        link->closed = true;
        link->worker->draining = true;
        if (!conn->loop->reading)
            conn_read_now(conn, last_message_max(link));
    }
    if (!link->conn)
        return; /* the reading came upon the end itself */
    close_conn(link);
    if (!worker_process_exists(&link->process) || worker_is_ending(link->worker))
        return; /* ended, or told to end with a deadline */
    link->closed = true;
    timer_set_ms(workers_timers(link->workers), &link->timer, CLOSED_GRACE_MS);
    unfit(link);
}

/* What a dead worker has sent still counts. It gets no other job while we look. */
static void read_last_words(struct worker_link *link)
{
    link->worker->draining = true;
    if (link->conn)
        conn_read_now(&link->conn->conn, last_message_max(link));
    worker_results_take_slots(link);
    close_conn(link);
}

static void reaped(struct worker_link *link, int status)
{
    bool starting = link->worker->state == WORKER_STARTING;
    timer_clear(workers_timers(link->workers), &link->timer);
    worker_output_drain(&link->output);
    if (!starting)
        read_last_words(link);
    lose(link, &status);
    dispatcher_worker_reaped(link->workers->dispatcher, link->worker);
}

static struct worker_link *link_by_pid(struct workers *workers, pid_t pid)
{
    struct worker_link *link;
    TAILQ_FOREACH (link, &workers->links, link)
        if (link->process.pid == pid)
            return link;
    return NULL;
}

static void reap(struct worker_link *link)
{
    reaped(link, worker_process_reap(&link->process));
}

/* False if none is dead. */
static bool reap_any(struct workers *workers)
{
    pid_t pid = worker_process_next_dead();
    struct worker_link *link = pid > 0 ? link_by_pid(workers, pid) : NULL;
    if (pid <= 0)
        return false;
    if (link) {
        reap(link);
    } else {
        worker_process_reap_pid(pid);
        log_event(LOG_DEBUG, "child-reaped", LOG_INT("pid", pid));
    }
    return true;
}

/* A thousand may die in the same moment. */
void workers_reap(struct workers *workers)
{
    int n = 0;
    while (n < REAP_BATCH && reap_any(workers))
        n++;
    if (n == REAP_BATCH)
        timer_set_next(workers_timers(workers), &workers->reap);
}

static void on_reap(void *arg)
{
    workers_reap(arg);
}

bool worker_link_reap(struct worker_link *link)
{
    if (!worker_process_is_dead(&link->process))
        return false;
    reap(link);
    return true;
}

/* What the worker may have to say by now. One that lives could say more for as long as we listen.
 */
static size_t said_max(const struct worker_link *link)
{
    return link->closed ? last_message_max(link) : READ_ON_DEATH;
}

/* All that can be known of the worker by now. False if it turned out to be dead and gone, and the
 * link with it: the reading itself may come upon that. */
static bool look_closely(struct worker_link *link)
{
    struct workers *workers = link->workers;
    const uint32_t id = link->worker->id;
    if (worker_link_reap(link)) /* a death that is known by now is told as what it is */
        return false;
    if (link->conn)
        conn_read_now(&link->conn->conn, said_max(link));
    if (!pool_find(&workers->dispatcher->pool, id))
        return false;
    worker_results_take_slots(link);
    return true;
}

static void on_link_timer(void *arg)
{
    struct worker_link *link = arg;
    if (!look_closely(link))
        return;
    bool stopping = worker_is_ending(link->worker);
    if (link->untold) /* waiting for its end has been long enough */
        log_end(link, NULL, link->why[0] ? link->why : "it closed its connection");
    kill_process(link);
    if (!stopping || link->worker->job)
        lose(link, NULL);
}

/* --- the dispatcher's operations --- */

static void link_free(struct worker_link *link)
{
    note_late(link);
    timer_clear(workers_timers(link->workers), &link->timer);
    timer_clear(workers_timers(link->workers), &link->peek);
    close_conn(link);
    worker_output_close(&link->output);
    worker_process_close(&link->process);
    worker_welcome_unref(link->welcome);
    TAILQ_REMOVE(&link->workers->links, link, link);
    free(link);
}

/* The line start-failed that follows does not say what could not be run: its words also go to
 * clients, and a path is none of their business. */
static void say_not_spawned(const struct workers *workers)
{
    log_event(LOG_ERROR, "spawn-failed", LOG_STR("path", workers->env.path),
              LOG_STR("why", strerror(errno)));
}

static struct worker_link *link_of(const struct worker *worker)
{
    return worker->ops_data;
}

static int op_start(void *ctx, struct worker *worker)
{
    struct workers *workers = ctx;
    struct worker_link *link = xcalloc(1, sizeof *link);
    link->workers = workers;
    link->worker = worker;
    link->welcome = worker_welcome_ref(workers->welcome);
    link->process.output_fd = -1;
    timer_init(&link->timer, on_link_timer, link);
    worker_results_init(link);
    TAILQ_INSERT_TAIL(&workers->links, link, link);
    worker->ops_data = link;
    if (getrandom(link->token, sizeof link->token, 0) != (ssize_t)sizeof link->token)
        return -1;
    if (worker_process_start(&link->process, &workers->env, worker->id, link->token) < 0) {
        say_not_spawned(workers);
        return -1;
    }
    worker->pid = link->process.pid;
    log_event(LOG_DEBUG, "worker-start", LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid));
    if (worker_output_open(&link->output, workers->loop->base, workers_timers(workers),
                           &link->process, workers->boot, worker, &workers->job_log) < 0)
        kill_process(
            link); /* it would hang once the pipe is full; this way it is a start that failed */
    return 0;
}

/* The tag is the slot of the job's claim word. */
static uint8_t op_assign(void *ctx, const struct assignment *assignment)
{
    struct worker_link *link = link_of(assignment->worker);
    const struct job *job = assignment->job;
    (void)ctx;
    struct wire_head head = worker_message_head(WIRE_RUN, job->asked.module->name);
    if (assignment->prefetched)
        worker_results_watch(link);
    head.job = job->seq;
    head.slot = worker_claims_offer(&link->process.claims, job->seq);
    head.size = job->asked.payload ? job->asked.payload->size : 0;
    head.time_us = assignment->limit_us;
    head.payload_max = job->asked.payload_max;
    worker_connection_send(link->conn, &head, job->asked.payload);
    return (uint8_t)head.slot;
}

static bool op_reclaim(void *ctx, struct worker *worker, const struct job *job)
{
    (void)ctx;
    return worker_claims_reclaim(&link_of(worker)->process.claims, job->run.tag, job->seq);
}

static void op_results(void *ctx, struct worker *worker)
{
    (void)ctx;
    worker_results_take_slots(link_of(worker));
}

static void op_stop_flag(void *ctx, struct worker *worker, const struct job *job)
{
    (void)ctx;
    worker_process_stop_flag(&link_of(worker)->process, job->seq);
}

static void op_signal(void *ctx, struct worker *worker, int signo)
{
    struct worker_link *link = link_of(worker);
    (void)ctx;
    log_event(LOG_DEBUG, "worker-signal", LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid), LOG_STR("signal", signal_name(signo)));
    if (signo == SIGKILL)
        kill_process(link);
    else
        worker_process_signal(&link->process, signo);
}

/* A worker ends by itself at the end of its input. One that is not connected yet has nothing to
 * lose. */
static void op_retire(void *ctx, struct worker *worker)
{
    struct worker_link *link = link_of(worker);
    (void)ctx;
    link->told_to_end = link->conn != NULL;
    if (!link->conn)
        kill_process(link);
    else if (link->conn->conn.output_len)
        link->retiring = true;
    else
        conn_shut_output(&link->conn->conn);
}

static void op_poll(void *ctx, struct worker *worker)
{
    (void)ctx;
    look_closely(link_of(worker));
}

static void op_forget(void *ctx, struct worker *worker)
{
    (void)ctx;
    if (worker->ops_data)
        link_free(link_of(worker));
    worker->ops_data = NULL;
}

const struct dispatcher_ops worker_link_ops = {
    .start = op_start,
    .assign = op_assign,
    .reclaim = op_reclaim,
    .results = op_results,
    .stop_flag = op_stop_flag,
    .signal = op_signal,
    .retire = op_retire,
    .poll = op_poll,
    .forget = op_forget,
};

/* --- all workers --- */

void workers_init(struct workers *workers)
{
    TAILQ_INIT(&workers->links);
    timer_init(&workers->reap, on_reap, workers);
    unauthenticated_init(&workers->unauthenticated);
    workers->unauthenticated_max =
        FILE_ROOM_UNAUTHENTICATED; /* until the limit of open files is known */
    log_limit_init(&workers->stranger_lines, workers->loop->timers, LOG_WARN, "stranger");
    job_log_init(&workers->job_log, workers->loop->timers);
}

void workers_free(struct workers *workers)
{
    bug_on(!TAILQ_EMPTY(&workers->links));
    timer_clear(workers_timers(workers), &workers->reap);
    log_limit_end(&workers->stranger_lines);
    job_log_end(&workers->job_log);
    worker_welcome_unref(workers->welcome);
    free(workers->env.environ);
}

void workers_configure(struct workers *workers, const struct workers_settings *settings,
                       const struct module_settings *modules, enum log_level level)
{
    workers->env.path = settings->path;
    workers->limits = (struct conn_limits){.output_pause = UINT64_MAX, .own = true};
    worker_welcome_unref(workers->welcome);
    workers->welcome = worker_welcome_new(modules, level, workers->boot);
}
