/*
 * tiny_daemon [TOKEN]: answers hello and ping on a TCP port, and prints the port. It is linked with
 * libshared.a alone, so the shared folders make a daemon without any job or worker.
 */
#include "net/listener.h"
#include "net/loop.h"
#include "peers/ops/ops.h"
#include "protocol/hello.h"
#include "protocol/ping.h"

#include <netinet/in.h>
#include <stdio.h>

static struct loop loop;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop conns;
static struct access_settings access_settings;
static const struct peers_settings settings = {.client_max = 10,
                                               .hello_timeout_ms = 10000,
                                               .header_timeout_ms = 10000,
                                               .linger_ms = 1000,
                                               .payload_max = 1000};

/* --- the protocol --- */

static struct peer_request request;

static void no_limits(const struct peer *peer, struct event_writer *event)
{
    (void)peer, (void)event;
}

static enum verdict run(struct dialogue *dialogue, struct request *hello)
{
    peer_hello(dialogue, hello, "tiny/1", no_limits);
    return VERDICT_FINE;
}

static const struct field fields[] = {HELLO_FIELDS, {0}};
static const struct operation hello_operation = {"hello", fields, .is_hello = true,
                                                 .check = peer_hello_check, .run = run};
static const struct operation *const operations[] = {&hello_operation, &ping_operation, NULL};
static const struct protocol protocol = {operations, &request.base, sizeof request, PEERS_PROTOCOL};

/* --- a client without a thing of the daemon's --- */

static bool nothing_left(struct peer *peer)
{
    (void)peer;
    return true;
}

static bool is_busy(const struct peer *peer)
{
    (void)peer;
    return false;
}

static size_t no_jobs(const struct peer *peer)
{
    (void)peer;
    return 0;
}

static const struct peers_ops ops = {
    .session_size = sizeof(struct peer),
    .protocol = &protocol,
    .end = nothing_left,
    .is_busy = is_busy,
    .release = nothing_left,
    .jobs = no_jobs,
};
static struct peers peers = {.ops = &ops, .loop = &conns, .boot = "b0"};

static void on_accept(void *arg, int fd, const struct sockaddr *addr, socklen_t addr_len)
{
    (void)arg;
    peers_accept(&peers, fd, addr, addr_len);
}

int main(int argc, char **argv)
{
    char error[256];
    struct sockaddr_storage address;
    if (argc > 1)
        token_set_add(&access_settings.tokens, argv[1]);
    loop_open(&loop);
    conn_loop_init(&conns, loop.base, &loop.timers, &budget, &output);
    peers_init(&peers);
    peers_configure(&peers, &settings, &access_settings);
    struct listener *listener =
        listener_open(loop.base, &loop.timers, "127.0.0.1:0", &(struct socket_owner){0}, "peers",
                      on_accept, NULL, error, sizeof error);
    if (!listener || !listener_address(listener, &address))
        return 1;
    printf("%d\n", ntohs(((struct sockaddr_in *)&address)->sin_port));
    fflush(stdout);
    for (;;) {
        loop_turn(&loop);
        conn_loop_chores(&conns);
    }
}
