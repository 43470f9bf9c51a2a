/*
 * tiny_daemon [TOKEN]: answers hello and ping on a TCP port, and prints the port. It is linked with
 * libshared.a alone, so the shared folders make a daemon without any job or worker. For brevity its
 * timers run only when something is read.
 */
#include "base/clock.h"
#include "net/listener.h"
#include "protocol/hello.h"
#include "protocol/peer.h"
#include "protocol/ping.h"

#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

static struct token_set tokens;
static struct timers timers;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop loop;
static struct request request;

static enum verdict check(struct dialogue *dialogue, struct request *hello)
{
    (void)dialogue;
    return hello_check_token(hello, &tokens);
}

static enum verdict run(struct dialogue *dialogue, struct request *hello)
{
    struct event_writer event;
    hello_begin(&event, dialogue, hello, "tiny/1", "b0");
    hello_end(&event, dialogue, hello);
    return VERDICT_FINE;
}

static const struct field fields[] = {HELLO_FIELDS, {0}};
static const struct operation hello_operation = {"hello", fields, .is_hello = true, .check = check,
                                                 .run = run};
static const struct operation *const operations[] = {&hello_operation, &ping_operation, NULL};
static const struct protocol protocol = {operations, &request, sizeof request,
                                         .failed = peer_on_failed};

static void on_accept(void *arg, int fd, const struct sockaddr *addr, socklen_t addr_len)
{
    static const struct conn_limits limits = {.header_timeout_ms = 10000};
    (void)arg, (void)addr, (void)addr_len;
    if (peer_open(&loop, fd, &protocol, &limits, 1000) < 0)
        close(fd);
}

int main(int argc, char **argv)
{
    char error[256];
    struct sockaddr_storage address;
    struct event_base *base = event_base_new();
    if (argc > 1)
        token_set_add(&tokens, argv[1]);
    timers_init(&timers, clock_us());
    conn_loop_init(&loop, base, &timers, &budget, &output);
    struct listener *listener =
        listener_open(base, &timers, "127.0.0.1:0", &(struct socket_owner){0}, "peers", on_accept,
                      NULL, error, sizeof error);
    if (!listener || !listener_address(listener, &address))
        return 1;
    printf("%d\n", ntohs(((struct sockaddr_in *)&address)->sin_port));
    fflush(stdout);
    while (event_base_loop(base, EVLOOP_ONCE) == 0) {
        timers_turn(&timers, clock_us());
        timers_run(&timers);
        conn_loop_chores(&loop);
    }
}
