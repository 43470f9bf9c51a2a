/* queued: see queued.h. */
#include "queue/queued.h"

#include "base/boot_id.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file_room.h"
#include "base/lag.h"
#include "base/log_limits.h"
#include "base/signal_name.h"
#include "common/log.h"
#include "daemon/closed.h"
#include "daemon/listeners.h"
#include "daemon/notify.h"
#include "daemon/reopen.h"
#include "daemon/signals.h"
#include "daemon/trim.h"
#include "daemon/user_environ.h"
#include "net/loop.h"
#include "queue/all_settings.h"
#include "queue/checks.h"
#include "queue/clients/clients.h"
#include "queue/inquiries.h"
#include "queue/keeping.h"
#include "queue/notices.h"
#include "queue/reload.h"
#include "queue/report.h"
#include "queue/shutdown.h"

#include <taskmaster/version.h>

#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

struct queued {
    struct loop loop;
    struct signals signals;
    struct log_limits log_limits; /* for lines that others can cause in a loop */
    struct payload_budget budget, output;
    struct conn_loop conns;
    struct keeping keeping;
    struct queue_clients clients;
    struct listeners listeners;
    struct reload reload;
    struct shutdown shutdown;
    struct daemon_start start;
    struct trim trim;
    struct notify notify;
    struct queue_report report;
    struct nodes nodes;
    struct inquiries inquiries;
    struct lag lag;
    uint64_t woke_us; /* the beginning of the last turn's work */
    char boot[BOOT_ID_MAX];
};

/* --- signals --- */

static void on_hup(void *arg)
{
    struct queued *q = arg;
    if (q->shutdown.phase == SHUTDOWN_RUNNING)
        reload_run(&q->reload);
    else if (log_limits_allow(&q->log_limits, LOG_WARN, "reload-failed", "-"))
        log_event(LOG_WARN, "reload-failed", LOG_STR("why", "the server is shutting down"));
}

/* Any process of our user can send the signal: the log is limited. */
static void on_usr1(void *arg)
{
    struct queued *q = arg;
    struct control_reopen told;
    reopen_run(&q->reload.reread, &told);
    if (log_limits_allow(&q->log_limits, LOG_INFO, "reopen", "-"))
        reopen_say(&told, signal_name(SIGUSR1));
}

static void on_end(void *arg, const char *signal)
{
    struct queued *q = arg;
    shutdown_ask(&q->shutdown, signal);
}

static const struct signals_ops signals_ops = {NULL, on_hup, on_usr1, on_end};

/* --- requests of clients --- */

static bool on_reload(void *arg, struct control_reload *reload)
{
    struct queued *q = arg;
    return q->shutdown.phase == SHUTDOWN_RUNNING && reload_for_client(&q->reload, reload);
}

static void on_reopen(void *arg, const char *who, struct control_reopen *told)
{
    struct queued *q = arg;
    reopen_run(&q->reload.reread, told);
    reopen_say(told, who);
}

static enum log_level on_log_level(void *arg, enum log_level level)
{
    (void)arg;
    return log_change_level(level);
}

/* Waiting jobs are kept: there is nothing to choose. */
static void on_drain(void *arg, const char *who, enum control_waiting waiting)
{
    struct queued *q = arg;
    (void)waiting;
    if (q->shutdown.phase == SHUTDOWN_RUNNING)
        shutdown_ask(&q->shutdown, who);
}

/* --- start-up --- */

static void close_for_clients(void *arg)
{
    struct queued *q = arg;
    listeners_close(&q->listeners);
    notify_stopping(&q->notify, q->reload.settings->end.drain_timeout_ms);
    peers_reloaded(&q->clients.peers, "the server is shutting down");
}

static void leave_clients(void *arg)
{
    struct queued *q = arg;
    queue_clients_leave(&q->clients);
}

static void wire_clients(struct queued *q)
{
    struct peers *peers = &q->clients.peers;
    peers->loop = &q->conns;
    peers->boot = q->boot;
    peers->control = (struct peers_control){q, on_reload, on_reopen, on_log_level, on_drain};
    q->clients.inquiry = inquiries_ops(&q->inquiries);
}

static void wire_shutdown(struct queued *q)
{
    struct timers *timers = &q->loop.timers;
    struct peers *peers = &q->clients.peers;
    q->shutdown =
        (struct shutdown){.timers = timers,
                          .peers = peers,
                          .close = close_for_clients,
                          .leave = leave_clients,
                          .arg = q,
                          .farewell = {.timers = timers, .peers = peers, .loop = &q->conns}};
}

/* Tells the parts of each other, as far as they are there before the store. */
static void wire(struct queued *q, const struct config_args *args)
{
    struct timers *timers = &q->loop.timers;
    q->keeping = (struct keeping){.conns = &q->conns};
    wire_clients(q);
    wire_shutdown(q);
    q->signals = (struct signals){
        .loop = &q->loop, .log_limits = &q->log_limits, .ops = &signals_ops, .arg = q};
    q->reload =
        (struct reload){.reread = {.args = args, .start = &q->start, .checks = &queue_checks},
                        .payloads = &q->budget,
                        .output = &q->output,
                        .clients = &q->clients,
                        .keeping = &q->keeping,
                        .shutdown = &q->shutdown,
                        .notify = &q->notify,
                        .timers = timers};
    q->notify = (struct notify){.timers = timers, .ops = &queue_notices, .arg = &q->report};
    q->trim = (struct trim){.timers = timers,
                            .clients = &q->clients.peers.open,
                            .payloads = &q->budget,
                            .output = &q->output};
}

static void set_up(struct queued *q, struct config *config, const struct config_args *args)
{
    loop_open(&q->loop);
    wire(q, args);
    log_limits_init(&q->log_limits, &q->loop.timers);
    signals_open(&q->signals);
    conn_loop_init(&q->conns, q->loop.base, &q->loop.timers, &q->budget, &q->output);
    boot_id_make(q->boot);
    queue_clients_init(&q->clients);
    shutdown_init(&q->shutdown);
    trim_init(&q->trim);
    notify_init(&q->notify);
    reload_init(&q->reload);
    reload_apply(&q->reload, config);
}

static void accept_client(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct queued *q = arg;
    timers_turn(&q->loop.timers, clock_us());
    peers_accept(&q->clients.peers, fd, addr, len);
}

static int listen_all(struct queued *q)
{
    const struct peers_settings *settings = &q->reload.settings->peers;
    const struct listening listening = {.loop = &q->loop,
                                        .config = q->reload.reread.config,
                                        .identity = &q->start.identity,
                                        .sockets = &q->start.sockets,
                                        .socket_mode = settings->socket_mode,
                                        .arg = q};
    return listeners_open(&q->listeners, &listening, &settings->listen, accept_client);
}

static void change_user(struct queued *q)
{
    identity_become(&q->start.identity);
    closed_set(false);
    user_environ_set(q->reload.settings->identity.user);
}

static void wire_answers(struct queued *q)
{
    q->report =
        (struct queue_report){.keeping = &q->keeping,
                              .settings = &q->reload.settings,
                              .peers = &q->clients.peers,
                              .conns = &q->conns,
                              .lag = &q->lag,
                              .boot = q->boot,
                              .started_us = q->loop.timers.now_us,
                              .own_descriptors = descriptors_count_low() - log_descriptors()};
    q->nodes = (struct nodes){
        .keeping = &q->keeping, .settings = &q->reload.settings, .since_ms = keeping_wall_ms()};
    q->inquiries = (struct inquiries){.link = q->keeping.link,
                                      .timers = &q->loop.timers,
                                      .output = &q->output,
                                      .report = &q->report,
                                      .nodes = &q->nodes};
}

static void begin_keeping(struct queued *q)
{
    keeping_begin(&q->keeping, q->reload.settings);
    q->clients.keep = q->keeping.keep;
    q->shutdown.keep = q->keeping.keep;
    q->shutdown.is_shared = q->keeping.engine_ops->is_shared;
    wire_answers(q);
}

/* An exit status. The store is opened by the user that we become: its files are that user's. */
static int open_all(struct queued *q)
{
    uint64_t limit;
    file_room_raise(&limit);
    reload_set_file_limit(&q->reload, limit);
    if (listen_all(q) < 0 || keeping_find_master(&q->keeping, q->reload.settings) < 0)
        return EX_UNAVAILABLE;
    change_user(q);
    if (keeping_open_store(&q->keeping, q->reload.settings) < 0)
        return EX_UNAVAILABLE;
    timers_turn(&q->loop.timers, clock_us()); /* names were looked up, the store was read */
    begin_keeping(q);
    return EX_OK;
}

/* --- the loop --- */

/* The last turn's work ended where this turn began. */
static void note_lag(struct queued *q)
{
    if (q->woke_us)
        lag_add(&q->lag, q->loop.begun_us - q->woke_us, q->loop.begun_us);
    q->woke_us = q->conns.began_us ? q->conns.began_us : q->loop.timers.now_us;
}

/* Output of the keep is written by the chores; what these read is the keep's next work. */
static void turn(struct queued *q)
{
    signals_turn(&q->signals);
    loop_turn(&q->loop);
    note_lag(q);
    keep_turn(q->keeping.keep);
    conn_loop_chores(&q->conns);
    trim_turn(&q->trim, keep_record_count(q->keeping.keep));
    shutdown_turn(&q->shutdown);
    notify_turn(&q->notify);
    if (keep_has_work(q->keeping.keep))
        loop_hurry(&q->loop);
}

/* A shared store is not asked yet, and may be away: its jobs are not known. */
static void tell_start(const struct queued *q)
{
    const struct engine_ops *ops = q->keeping.engine_ops;
    const struct keep_counts *counts = keep_counts(q->keeping.keep);
    if (ops->is_shared)
        log_event(LOG_INFO, "start", LOG_STR("version", TASKMASTER_VERSION),
                  LOG_INT("pid", getpid()), LOG_STR("boot", q->boot), LOG_STR("engine", ops->name));
    else
        log_event(LOG_INFO, "start", LOG_STR("version", TASKMASTER_VERSION),
                  LOG_INT("pid", getpid()), LOG_STR("boot", q->boot),
                  LOG_UINT("waiting", counts->waiting), LOG_UINT("delayed", counts->delayed));
}

static void run(struct queued *q)
{
    tell_start(q);
    notify_listening(&q->notify, 0);
    while (q->shutdown.phase != SHUTDOWN_ENDED)
        turn(q);
    log_event(LOG_INFO, "end", LOG_UINT("submitted", keep_counts(q->keeping.keep)->submitted),
              LOG_UINT("done", keep_counts(q->keeping.keep)->done));
}

static void tear_down(struct queued *q)
{
    signals_close(&q->signals);
    listeners_close(&q->listeners);
    peers_close(&q->clients.peers);
    conn_loop_chores(&q->conns);
    queue_clients_free(&q->clients);
    keeping_free(&q->keeping);
    log_limits_end(&q->log_limits);
    conn_loop_free(&q->conns);
    shutdown_free(&q->shutdown);
    trim_end(&q->trim);
    notify_free(&q->notify);
    timer_clear(&q->loop.timers, &q->reload.decided);
    loop_close(&q->loop);
    reload_free(&q->reload);
    libevent_global_shutdown();
}

int queued_run(struct config *config, const struct config_args *args,
               const struct daemon_start *start)
{
    static struct queued queued;
    queued.start = *start;
    set_up(&queued, config, args);
    int status = open_all(&queued);
    if (status == EX_OK)
        run(&queued);
    tear_down(&queued);
    return status;
}
