/* gateway: see gateway.h. */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/file_room.h"
#include "base/log_limits.h"
#include "base/random.h"
#include "base/signal_name.h"
#include "common/log.h"
#include "daemon/closed.h"
#include "daemon/listeners.h"
#include "daemon/notify.h"
#include "daemon/reopen.h"
#include "daemon/signals.h"
#include "daemon/trim.h"
#include "daemon/user_environ.h"
#include "gateway/access/access.h"
#include "gateway/access_log.h"
#include "gateway/all_settings.h"
#include "gateway/api/api.h"
#include "gateway/checks.h"
#include "gateway/history/history.h"
#include "gateway/history/sampler.h"
#include "gateway/http/http.h"
#include "gateway/reload.h"
#include "gateway/report.h"
#include "gateway/shutdown.h"
#include "gateway/upstream/upstream.h"
#include "net/loop.h"

#include <taskmaster/version.h>

#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

struct gateway {
    struct loop loop;
    struct signals signals;
    struct log_limits log_limits; /* for lines that others can cause in a loop */
    struct payload_budget bodies, output;
    struct conn_loop conns;
    struct http_server *server;
    struct gateway_access *access;
    struct upstream *master, *queue; /* the second is NULL without a queue-server */
    struct history *history;
    struct sampler *sampler;
    struct api api;
    struct listeners listeners;
    struct reload reload;
    struct shutdown shutdown;
    struct daemon_start start;
    struct notify notify;
    struct trim trim;
    uint64_t requests; /* answered, or given up by their clients */
    struct gateway_report report;
};

/* --- signals --- */

static void on_hup(void *arg)
{
    struct gateway *g = arg;
    if (g->shutdown.phase == SHUTDOWN_RUNNING)
        reload_run(&g->reload);
    else if (log_limits_allow(&g->log_limits, LOG_WARN, "reload-failed", "-"))
        log_event(LOG_WARN, "reload-failed", LOG_STR("why", "the gateway is shutting down"));
}

/* Any process of our user can send the signal: the log is limited. */
static void on_usr1(void *arg)
{
    struct gateway *g = arg;
    struct control_reopen told;
    reopen_run(&g->reload.reread, &told);
    if (log_limits_allow(&g->log_limits, LOG_INFO, "reopen", "-"))
        reopen_say(&told, signal_name(SIGUSR1));
}

static void on_end(void *arg, const char *signal)
{
    struct gateway *g = arg;
    shutdown_ask(&g->shutdown, signal);
}

static const struct signals_ops signals_ops = {NULL, on_hup, on_usr1, on_end};

/* --- the service manager --- */

static void tell_status(void *arg, char text[NOTIFY_STATUS_MAX])
{
    const struct gateway *g = arg;
    snprintf(text, NOTIFY_STATUS_MAX, "%zu connections, %zu requests in progress, the master is %s",
             http_server_connections(g->server), http_server_exchanges(g->server),
             upstream_view(g->master).is_up ? "connected" : "away");
}

static const struct notify_ops notices = {.status = tell_status};

/* --- exchanges --- */

static struct gateway *gateway_of(void *api)
{
    return (struct gateway *)((char *)api - offsetof(struct gateway, api));
}

static json_t *own_stats(struct api *api)
{
    return gateway_report_stats(&gateway_of(api)->report);
}

static void on_ended(void *arg, const struct http_exchange *exchange)
{
    struct gateway *g = gateway_of(arg);
    g->requests++;
    if (g->reload.settings->access_log.is_on)
        access_log_write(exchange);
    gateway_access_ended(exchange);
}

static const struct http_server_ops server_ops = {.route = api_route, .ended = on_ended};

/* --- start-up --- */

static void close_for_clients(void *arg)
{
    struct gateway *g = arg;
    listeners_close(&g->listeners);
    upstream_drain(g->master);
    if (g->queue)
        upstream_drain(g->queue);
    notify_stopping(&g->notify, g->reload.settings->end.drain_timeout_ms);
}

/* Tells the parts of each other. */
static void wire(struct gateway *g, const struct config_args *args)
{
    struct timers *timers = &g->loop.timers;
    g->signals = (struct signals){
        .loop = &g->loop, .log_limits = &g->log_limits, .ops = &signals_ops, .arg = g};
    g->shutdown = (struct shutdown){.timers = timers, .close = close_for_clients, .arg = g};
    g->reload =
        (struct reload){.reread = {.args = args, .start = &g->start, .checks = &gateway_checks},
                        .bodies = &g->bodies,
                        .output = &g->output,
                        .access = g->access,
                        .shutdown = &g->shutdown,
                        .notify = &g->notify};
    g->notify = (struct notify){.timers = timers, .ops = &notices, .arg = g};
    g->trim = (struct trim){
        .timers = timers, .clients = &g->conns.open, .payloads = &g->bodies, .output = &g->output};
}

static void set_up(struct gateway *g, struct config *config, const struct config_args *args)
{
    loop_open(&g->loop);
    g->access = gateway_access_new();
    wire(g, args);
    log_limits_init(&g->log_limits, &g->loop.timers);
    signals_open(&g->signals);
    conn_loop_init(&g->conns, g->loop.base, &g->loop.timers, &g->bodies, &g->output);
    shutdown_init(&g->shutdown);
    trim_init(&g->trim);
    notify_init(&g->notify);
    g->report.conns = &g->conns;
    g->report.requests = &g->requests;
    reload_apply(&g->reload, config);
}

/* Looks up the address of `parts`, and fills in what all have. NULL after a line in the log. */
static struct upstream *find_daemon(struct gateway *g, struct upstream_parts parts)
{
    char error[512];
    parts.loop = &g->conns;
    parts.random = random_number;
    struct upstream *upstream = upstream_new(&parts, error, sizeof error);
    if (!upstream)
        log_event(LOG_ERROR, "cannot-find-server", LOG_STR("address", parts.address),
                  LOG_STR("why", error));
    return upstream;
}

/* 0, or -1 after a line in the log. */
static int find_daemons(struct gateway *g)
{
    const struct server_settings *settings = &g->reload.settings->server;
    g->master = find_daemon(g, (struct upstream_parts){.noun = "master",
                                                       .program = "taskmasterd",
                                                       .address = settings->server,
                                                       .tokens = &settings->tokens});
    if (g->master && settings->queue_server)
        g->queue = find_daemon(g, (struct upstream_parts){.noun = "queue",
                                                          .program = "taskqueued",
                                                          .address = settings->queue_server,
                                                          .tokens = &settings->queue_tokens});
    g->reload.master = g->master;
    g->reload.queue = g->queue;
    return g->master && (g->queue || !settings->queue_server) ? 0 : -1;
}

static void open_server(struct gateway *g)
{
    g->history = history_new(g->queue);
    g->sampler = sampler_new(&g->loop.timers, g->master, g->queue, g->history);
    g->api = (struct api){.master = g->master,
                          .queue = g->queue,
                          .access = g->access,
                          .history = g->history,
                          .own_stats = own_stats,
                          .output = &g->output,
                          .routes = api_all_routes};
    g->server = http_server_new(&(struct http_server_parts){.loop = &g->conns,
                                                            .bodies = &g->bodies,
                                                            .settings = &g->reload.settings->http,
                                                            .ops = &server_ops,
                                                            .arg = &g->api});
    g->reload.server = g->shutdown.server = g->server;
    g->report.server = g->server;
}

static void accept_client(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct gateway *g = arg;
    timers_turn(&g->loop.timers, clock_us());
    http_server_accept(g->server, fd, addr, len);
}

/* Clients name the address as Host. */
static void note_addresses(struct gateway *g)
{
    struct sockaddr_storage addr;
    for (size_t i = 0; i < g->listeners.count; i++) {
        listener_address(g->listeners.items[i], &addr);
        gateway_access_listens(g->access, (const struct sockaddr *)&addr);
    }
}

static int listen_all(struct gateway *g)
{
    const struct listen_settings *settings = &g->reload.settings->listen;
    const struct listening listening = {.loop = &g->loop,
                                        .config = g->reload.reread.config,
                                        .identity = &g->start.identity,
                                        .sockets = &g->start.sockets,
                                        .socket_mode = settings->socket_mode,
                                        .arg = g};
    int status = listeners_open(&g->listeners, &listening, &settings->listen, accept_client);
    note_addresses(g);
    return status;
}

static void change_user(struct gateway *g)
{
    identity_become(&g->start.identity);
    closed_set(false);
    user_environ_set(g->reload.settings->identity.user);
}

/* An exit status. */
static int open_all(struct gateway *g)
{
    uint64_t limit;
    file_room_raise(&limit);
    reload_set_file_limit(&g->reload, limit);
    if (find_daemons(g) < 0)
        return EX_UNAVAILABLE;
    open_server(g);
    if (listen_all(g) < 0)
        return EX_UNAVAILABLE;
    change_user(g);
    timers_turn(&g->loop.timers, clock_us()); /* names were looked up */
    gateway_report_begin(&g->report);
    upstream_start(g->master);
    if (g->queue)
        upstream_start(g->queue);
    return EX_OK;
}

/* --- the loop --- */

static void turn(struct gateway *g)
{
    signals_turn(&g->signals);
    loop_turn(&g->loop);
    gateway_report_turn(&g->report, g->loop.begun_us);
    conn_loop_chores(&g->conns);
    trim_turn(&g->trim, 0);
    shutdown_turn(&g->shutdown);
    notify_turn(&g->notify);
}

static void run(struct gateway *g)
{
    log_event(LOG_INFO, "start", LOG_STR("version", TASKMASTER_VERSION), LOG_INT("pid", getpid()));
    notify_listening(&g->notify, 0);
    while (g->shutdown.phase != SHUTDOWN_ENDED)
        turn(g);
    log_event(LOG_INFO, "end", LOG_UINT("requests", g->requests));
}

/* The server's exchanges give their calls up before the upstreams go. */
static void free_parts(struct gateway *g)
{
    if (g->server)
        http_server_close(g->server);
    conn_loop_chores(&g->conns);
    sampler_free(g->sampler);
    history_free(g->history);
    upstream_free(g->master);
    upstream_free(g->queue);
    conn_loop_free(&g->conns);
    if (g->server)
        http_server_free(g->server);
    gateway_access_free(g->access);
}

static void tear_down(struct gateway *g)
{
    signals_close(&g->signals);
    listeners_close(&g->listeners);
    free_parts(g);
    log_limits_end(&g->log_limits);
    shutdown_free(&g->shutdown);
    trim_end(&g->trim);
    notify_free(&g->notify);
    loop_close(&g->loop);
    reload_free(&g->reload);
    libevent_global_shutdown();
}

int gateway_run(struct config *config, const struct config_args *args,
                const struct daemon_start *start)
{
    static struct gateway gateway;
    gateway.start = *start;
    set_up(&gateway, config, args);
    int status = open_all(&gateway);
    if (status == EX_OK)
        run(&gateway);
    tear_down(&gateway);
    return status;
}
