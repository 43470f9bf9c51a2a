/* master: see master.h. */
#include "master.h"

#include "addresses.h"
#include "base/boot_id.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file_room.h"
#include "base/lag.h"
#include "base/log_limits.h"
#include "base/signal_name.h"
#include "checks.h"
#include "clients/clients.h"
#include "common/log.h"
#include "daemon/closed.h"
#include "daemon/notify.h"
#include "daemon/reopen.h"
#include "daemon/signals.h"
#include "daemon/trim.h"
#include "daemon/user_environ.h"
#include "jobs/job_log.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "jobs/slow.h"
#include "net/conn.h"
#include "net/loop.h"
#include "notices.h"
#include "reload.h"
#include "shutdown.h"
#include "stats/report.h"
#include "stats/worker_memory.h"
#include "workers/operations.h"
#include "workers/port.h"
#include "workers/workers.h"

#include <taskmaster/version.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

struct master {
    struct loop loop;
    struct signals signals;
    struct payload_budget budget, output;
    struct conn_loop conns;
    struct pools pools;
    struct module_table modules;
    struct clients clients;
    struct log_limits log_limits; /* for lines that others can cause in a loop */
    struct workers workers;
    struct job_log job_log;
    struct job_slow slow;
    struct worker_memory memory;
    struct lag lag;
    uint64_t woke_us; /* the beginning of the last turn's work */
    struct report report;
    struct addresses addresses;
    struct reload reload;
    struct daemon_start start;
    char boot[BOOT_ID_MAX];
    struct shutdown shutdown;
    struct trim trim;
    struct notify notify;
    int life_pipe[2];
};

static void close_for_clients(void *arg)
{
    struct master *m = arg;
    addresses_close_clients(&m->addresses);
    notify_stopping(&m->notify, (uint64_t)m->reload.settings->shutdown.drain_timeout_ms +
                                    m->reload.settings->jobs.kill_grace_ms);
    reload_end(&m->reload);
}

static void close_all(void *arg)
{
    struct master *m = arg;
    addresses_close(&m->addresses);
    worker_port_close(&m->workers);
}

/* --- signals --- */

static void on_child(void *arg)
{
    struct master *m = arg;
    workers_reap(&m->workers);
}

static void on_hup(void *arg)
{
    struct master *m = arg;
    if (m->shutdown.phase == RUNNING)
        reload_run(&m->reload);
    else if (log_limits_allow(&m->log_limits, LOG_WARN, "reload-failed", "-"))
        log_event(LOG_WARN, "reload-failed", LOG_STR("why", "the server is shutting down"));
}

/* Any process of our user can send the signal, also a module's: the log is limited. */
static void on_usr1(void *arg)
{
    struct master *m = arg;
    struct control_reopen told;
    reopen_run(&m->reload.reread, &told);
    if (log_limits_allow(&m->log_limits, LOG_INFO, "reopen", "-"))
        reopen_say(&told, signal_name(SIGUSR1));
}

static void on_end(void *arg, const char *signal)
{
    struct master *m = arg;
    shutdown_ask(&m->shutdown, signal);
}

static const struct signals_ops signals_ops = {on_child, on_hup, on_usr1, on_end};

/* --- requests of clients --- */

static bool on_reload(void *arg, struct control_reload *reload)
{
    struct master *m = arg;
    return m->shutdown.phase == RUNNING && reload_for_client(&m->reload, reload);
}

static void on_reopen(void *arg, const char *who, struct control_reopen *told)
{
    struct master *m = arg;
    reopen_run(&m->reload.reread, told);
    reopen_say(told, who);
}

static enum log_level on_log_level(void *arg, enum log_level level)
{
    struct master *m = arg;
    enum log_level before = log_change_level(level);
    workers_follow_log(&m->workers);
    return before;
}

static void on_drain(void *arg, const char *who, enum control_waiting waiting)
{
    struct master *m = arg;
    enum drain_waiting as_set = m->shutdown.settings->drain_waiting;
    shutdown_drain(&m->shutdown, who,
                   waiting == WAITING_AS_SET ? as_set
                   : waiting == WAITING_RUN  ? DRAIN_RUN
                                             : DRAIN_FAIL);
}

/* --- start-up --- */

/* Workers get back the limit from before the master's start. */
static void raise_file_limit(struct master *m)
{
    uint64_t limit;
    m->workers.env.nofile_soft = file_room_raise(&limit);
    reload_set_file_limit(&m->reload, limit);
}

static void accept_client(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct master *m = arg;
    timers_turn(&m->loop.timers, clock_us());
    peers_accept(&m->clients.peers, fd, addr, len);
}

static void accept_worker(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct master *m = arg;
    timers_turn(&m->loop.timers, clock_us());
    worker_port_accept(&m->workers, fd, addr, len);
}

static void change_user(struct master *m)
{
    identity_become(&m->start.identity);
    closed_set(m->reload.settings->jobs.allow_debug);
    if (geteuid() == 0)
        log_event(LOG_WARN, "running-as-root",
                  LOG_STR("hint", "modules run as root too; set user to one without rights"));
}

/* Keeps descriptors 0 to 9 free of ours. A worker's descriptors 0 to 4 are copies of ours, and a
 * copy must not overwrite its source. */
static void fill_low_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd < 9);
    if (fd < 0)
        fatal(EX_OSERR, "cannot open /dev/null");
}

static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) < 0)
        seed = clock_us();
    return seed;
}

static void wire_clients(struct master *m)
{
    m->clients.pools = &m->pools;
    m->clients.modules = &m->modules;
    m->clients.peers.loop = &m->conns;
    m->clients.report = &m->report;
    m->clients.peers.boot = m->boot;
    m->clients.peers.control =
        (struct peers_control){m, on_reload, on_reopen, on_log_level, on_drain};
}

static void wire_workers(struct master *m)
{
    m->workers.pools = &m->pools;
    m->workers.modules = &m->modules;
    m->workers.loop = &m->conns;
    m->workers.log_limits = &m->log_limits;
    m->workers.boot = m->boot;
}

static void wire_report(struct master *m)
{
    m->report = (struct report){.pools = &m->pools,
                                .modules = &m->modules,
                                .budget = &m->budget,
                                .output = &m->output,
                                .memory = &m->memory,
                                .crashes = &m->workers.crashes,
                                .lag = &m->lag,
                                .connections = &m->conns.open,
                                .boot = m->boot,
                                .started_us = m->loop.timers.now_us};
}

/* Tells the parts of each other. */
static void wire(struct master *m, const struct config_args *args)
{
    m->pools.shared.hold.output = &m->output;
    wire_report(m);
    wire_clients(m);
    wire_workers(m);
    m->shutdown = (struct shutdown){
        .timers = &m->loop.timers,
        .pools = &m->pools,
        .clients = &m->clients,
        .close = close_for_clients,
        .close_workers = close_all,
        .arg = m,
        .farewell = {.timers = &m->loop.timers, .peers = &m->clients.peers, .loop = &m->conns}};
    m->reload =
        (struct reload){.reread = {.args = args, .start = &m->start, .checks = &master_checks},
                        .payloads = &m->budget,
                        .output = &m->output,
                        .pools = &m->pools,
                        .modules = &m->modules,
                        .clients = &m->clients,
                        .workers = &m->workers,
                        .shutdown = &m->shutdown,
                        .job_log = &m->job_log,
                        .slow = &m->slow,
                        .notify = &m->notify};
    m->notify =
        (struct notify){.timers = &m->loop.timers, .ops = &master_notices, .arg = &m->pools};
    m->trim = (struct trim){.timers = &m->loop.timers,
                            .clients = &m->clients.peers.open,
                            .payloads = &m->budget,
                            .output = &m->output};
}

static void set_up(struct master *m, struct config *config, const struct config_args *args)
{
    const struct settings *settings = settings_of(config);
    *m = (struct master){0};
    fill_low_descriptors();
    loop_open(&m->loop);
    m->signals = (struct signals){
        .loop = &m->loop, .log_limits = &m->log_limits, .ops = &signals_ops, .arg = m};
    signals_open(&m->signals);
    conn_loop_init(&m->conns, m->loop.base, &m->loop.timers, &m->budget, &m->output);
    boot_id_make(m->boot);
    module_table_init(&m->modules, &settings->modules);
    pools_init(&m->pools, &worker_operations, &m->workers, &m->loop.timers, &settings->jobs,
               random_seed());
    job_log_init(&m->job_log, &m->pools.shared.news, &m->loop.timers, m->boot);
    job_slow_init(&m->slow, &m->pools, &m->loop.timers, &m->job_log);
    worker_memory_init(&m->memory);
    wire(m, args);
    trim_init(&m->trim);
    notify_init(&m->notify);
    shutdown_init(&m->shutdown);
    reload_init(&m->reload, &m->loop.timers);
    clients_init(&m->clients);
    log_limits_init(&m->log_limits, &m->loop.timers);
    workers_init(&m->workers);
    reload_apply(&m->reload, config);
}

/* 0, or -1 when an address cannot be listened on. */
static int open_to_the_world(struct master *m)
{
    const struct listening listening = {.loop = &m->loop,
                                        .config = m->reload.reread.config,
                                        .identity = &m->start.identity,
                                        .sockets = &m->start.sockets,
                                        .socket_mode =
                                            m->reload.settings->clients.peers.socket_mode,
                                        .arg = m};
    raise_file_limit(m);
    if (addresses_open(&m->addresses, &listening, accept_client, accept_worker) < 0)
        return -1;
    timers_turn(&m->loop.timers, clock_us()); /* names were looked up, addresses waited for */
    m->workers.env.addr_len = addresses_of_workers(&m->addresses, &m->workers.env.addr);
    change_user(m);
    user_environ_set(m->reload.settings->identity.user);
    m->workers.env.environ = worker_process_environ();
    if (pipe2(m->life_pipe, O_CLOEXEC) < 0)
        fatal(EX_OSERR, "cannot make a pipe");
    m->workers.env.life_fd = m->life_pipe[0];
    m->report.own_descriptors = descriptors_count_low() - log_descriptors();
    return 0;
}

/* --- the loop --- */

/* The last turn's work ended where this turn began. All clocks are read already. */
static void note_lag(struct master *m)
{
    if (m->woke_us)
        lag_add(&m->lag, m->loop.begun_us - m->woke_us, m->loop.begun_us);
    m->woke_us = m->conns.began_us ? m->conns.began_us : m->loop.timers.now_us;
}

static void turn(struct master *m)
{
    signals_turn(&m->signals);
    loop_turn(&m->loop);
    note_lag(m);
    conn_loop_chores(&m->conns);
    trim_turn(&m->trim, m->pools.shared.jobs.count);
    job_slow_turn(&m->slow);
    shutdown_turn(&m->shutdown);
    notify_turn(&m->notify);
}

static void tear_down(struct master *m)
{
    signals_close(&m->signals);
    close_all(m);
    peers_close(&m->clients.peers);
    conn_loop_chores(&m->conns);
    job_slow_end(&m->slow);
    job_log_end(&m->job_log);
    pools_free(&m->pools);
    clients_free(&m->clients);
    workers_free(&m->workers);
    log_limits_end(&m->log_limits);
    module_table_free(&m->modules);
    worker_memory_free(&m->memory);
    conn_loop_free(&m->conns);
    shutdown_free(&m->shutdown);
    timer_clear(&m->loop.timers, &m->reload.decided);
    trim_end(&m->trim);
    notify_free(&m->notify);
    loop_close(&m->loop);
    reload_free(&m->reload);
    libevent_global_shutdown();
}

int master_run(struct config *config, const struct config_args *args,
               const struct daemon_start *start)
{
    static struct master m;
    const struct job_settings *jobs = &settings_of(config)->jobs;
    int status = EX_OK;
    set_up(&m, config, args);
    m.start = *start;
    if (open_to_the_world(&m) == 0) {
        log_event(
            LOG_INFO, "start", LOG_STR("version", TASKMASTER_VERSION), LOG_INT("pid", getpid()),
            LOG_STR("boot", m.boot), LOG_UINT("pool_start", jobs->pool.pool_start),
            LOG_UINT("pool_max", jobs->pool.pool_max), LOG_UINT("job_max", jobs->pool.job_max));
        pools_start(&m.pools);
        notify_listening(&m.notify, jobs->start_timeout_ms);
        while (m.shutdown.phase != ENDED)
            turn(&m);
        log_event(LOG_INFO, "end", LOG_UINT("submitted", m.pools.shared.counts.submitted),
                  LOG_UINT("done", m.pools.shared.counts.done));
    } else {
        status = EX_UNAVAILABLE;
    }
    tear_down(&m);
    return status;
}
