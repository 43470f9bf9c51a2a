/* worker_death: see death.h. */
#include "workers/death.h"
#include "workers/crash.h"
#include "workers/exit.h"
#include "workers/results.h"
#include "workers/workers_internal.h"

#include "common/log.h"

#include <signal.h>
#include <stdio.h>

enum {
    CLOSED_GRACE_MS = 200,   /* for a worker to end by itself after its connection */
    KILLED_GRACE_MS = 1000,  /* for a killed process to be reaped before its job is given up */
    READ_ON_DEATH = 1 << 20, /* bytes under way from a worker, besides a result */
};

/* --- telling the dispatcher and the log --- */

/* Tells the dispatcher, and the log. `status` is the wait status, or NULL before the reaping. */
static void tell_lost(struct worker_link *link, const int *status)
{
    char text[WORKER_EXIT_TEXT_MAX];
    struct worker_exit end = {.signal = 0};
    struct post_mortem crash;
    worker_exit_describe(link, status, &end, text);
    worker_exit_examine(link, status, &crash);
    worker_output_drain(&link->output);
    worker_output_end_line(&link->output);
    dispatcher_worker_exited(link->worker, &end);
    if (!link->loss_unlogged || status)
        worker_exit_log(link, status, text, &crash);
    if (link->worker->job)
        end.details = worker_crash_details(link, &end, &crash);
    worker_crash_note(link->workers, &crash);
    dispatcher_worker_lost(link->worker, &end);
    payload_unref(end.details);
}

/* An idle worker must be given no job from now on. The log waits for the reason of its death. The
 * loss of a busy one is told after its death, with its last results. */
static void tell_idle_lost(struct worker_link *link)
{
    if (link->worker->state != WORKER_IDLE)
        return;
    link->loss_unlogged = true;
    tell_lost(link, NULL);
}

/* The worker ends unauthenticated: its hello may still come. */
static void expect_late_hello(struct worker_link *link)
{
    if (!worker_link_has_been(link, LINK_AUTHENTICATED) && !worker_link_has_been(link, LINK_KILLED))
        worker_late_note(&link->workers->late, link->worker->id, link->token,
                         workers_timers(link->workers)->now_us);
}

/* --- ending a worker --- */

void worker_death_kill(struct worker_link *link)
{
    if (!worker_process_exists(&link->process))
        return;
    expect_late_hello(link);
    if (link->state != LINK_KILLED)
        worker_link_set_state(link, LINK_KILLED);
    worker_process_signal(&link->process, SIGKILL);
    timer_set_ms(workers_timers(link->workers), &link->grace, KILLED_GRACE_MS);
}

static void log_fault(struct worker_link *link, const char *fault)
{
    const struct job *job = link->worker->job;
    const char *module = job ? job->asked.module->name : "-";
    if (log_limits_allow(link->workers->log_limits, LOG_ERROR, "worker-protocol", module))
        log_event(LOG_ERROR, "worker-protocol", LOG_UINT("worker", link->worker->id),
                  LOG_INT("pid", link->worker->pid), LOG_STR("why", fault),
                  LOG_STR("module", module));
    snprintf(link->why, sizeof link->why, "it broke its protocol: %s", fault);
}

void worker_death_break_off(struct worker_link *link, const char *fault)
{
    log_fault(link, fault);
    worker_link_close_connection(link);
    worker_death_kill(link);
    tell_idle_lost(link);
}

/* --- the connection ends --- */

/* Our receive buffer can hold results of several jobs. But a worker begins its next job only when
 * the buffer holds all of a large result (worker/master_link.c): so at most one is under way. */
static size_t last_message_max(const struct worker_link *link)
{
    const struct job *job = link->worker->job;
    size_t most = job ? job->asked.payload_max : 0;
    TAILQ_FOREACH (job, &link->worker->prefetched, links.waiting)
        if (job->asked.payload_max > most)
            most = job->asked.payload_max;
    return READ_ON_DEATH + most;
}

/* Nobody waits for room any more: a part without room is lost, with all behind. */
static void read_rest(struct worker_connection *connection, size_t most)
{
    connection->last = true;
    conn_meter_input(&connection->conn, 0);
    conn_release_input(&connection->conn);
    conn_read_now(&connection->conn, most);
}

/* The messages before the end count. The worker gets no other job meanwhile. */
static void read_last_messages(struct worker_link *link)
{
    worker_cut_off(link->worker);
    if (link->connection && !link->workers->loop->reading)
        read_rest(link->connection, last_message_max(link));
}

/* Its end is under way already. */
static bool is_ending(const struct worker_link *link)
{
    return !worker_process_exists(&link->process) || link->state == LINK_KILLED ||
           worker_is_ending(link->worker);
}

void worker_death_disconnected(struct worker_link *link)
{
    if (link->worker->state != WORKER_STARTING)
        read_last_messages(link);
    worker_link_close_connection(link);
    if (is_ending(link))
        return;
    worker_link_set_state(link, LINK_CLOSED);
    timer_set_ms(workers_timers(link->workers), &link->grace, CLOSED_GRACE_MS);
    tell_idle_lost(link);
}

/* --- the process ends --- */

static void read_last_words(struct worker_link *link)
{
    worker_output_drain(&link->output);
    if (link->worker->state == WORKER_STARTING)
        return;
    read_last_messages(link);
    const char *fault = worker_results_take_slots(link);
    if (fault)
        log_fault(link, fault);
    worker_link_close_connection(link);
}

/* The end of every worker. */
static void handle_death(struct worker_link *link)
{
    int status = worker_process_reap(&link->process);
    timer_clear(workers_timers(link->workers), &link->grace);
    read_last_words(link);
    expect_late_hello(link);
    worker_link_set_state(link, LINK_REAPED);
    tell_lost(link, &status);
    dispatcher_worker_reaped(link->worker);
}

bool worker_death_reap(struct worker_link *link)
{
    if (!worker_process_is_dead(&link->process))
        return false;
    handle_death(link);
    return true;
}

bool worker_death_reap_any(struct workers *workers)
{
    pid_t pid = worker_process_next_dead();
    if (pid <= 0)
        return false;
    struct worker_link *link = worker_link_by_pid(workers, pid);
    if (link) {
        handle_death(link);
    } else {
        worker_process_reap_pid(pid);
        log_event(LOG_DEBUG, "child-reaped", LOG_INT("pid", pid));
    }
    return true;
}

/* --- looking closely --- */

/* A living worker can send without end: so the read has a limit. */
bool worker_death_poll(struct worker_link *link)
{
    struct workers *workers = link->workers;
    const uint32_t id = link->worker->id;
    if (worker_death_reap(link))
        return false;
    if (link->connection)
        conn_read_now(&link->connection->conn, READ_ON_DEATH);
    if (!worker_link_by_id(workers, id))
        return false; /* the read came upon its death */
    const char *fault = worker_results_take_slots(link);
    if (fault)
        worker_death_break_off(link, fault);
    return true;
}

/* The worker was given time to end. */
static void on_grace_over(void *arg)
{
    struct worker_link *link = arg;
    if (!worker_death_poll(link))
        return;
    bool stopping = worker_is_ending(link->worker);
    if (link->loss_unlogged)
        worker_exit_log(link, NULL, link->why[0] ? link->why : "it closed its connection", NULL);
    worker_death_kill(link);
    if (!stopping || link->worker->job)
        tell_lost(link, NULL);
}

void worker_death_init(struct worker_link *link)
{
    timer_init(&link->grace, on_grace_over, link);
}
