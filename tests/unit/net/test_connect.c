/* test_connect: a connection is made in the background, or fails with a reason. */
#include "net/connect.h"

#include "base/clock.h"
#include "tests/unit/support.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

static struct event_base *base;
static struct timers timers;
static struct connector connector;
static int done_fd, done_count;
static char done_why[128];

/* The next connection's own end is bound to the address that it connects to. */
static bool to_self;

int __real_connect(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (to_self)
        ck_assert_int_eq(bind(fd, addr, len), 0);
    return __real_connect(fd, addr, len);
}

static void on_done(struct connector *c, int fd, const char *why)
{
    ck_assert_ptr_eq(c, &connector);
    ck_assert((fd < 0) == (why != NULL));
    done_fd = fd;
    snprintf(done_why, sizeof done_why, "%s", why ? why : "");
    done_count++;
}

static void setup(void)
{
    base = event_base_new();
    timers_init(&timers, clock_us());
    connector_init(&connector, base, &timers, on_done);
    done_fd = -1;
    done_count = 0;
    to_self = false;
}

static void teardown(void)
{
    connector_cancel(&connector);
    ck_assert_uint_eq(timers.set.count, 0);
    timers_free(&timers);
    event_base_free(base);
    if (done_fd >= 0)
        close(done_fd);
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
    timers_turn(&timers, timers.now_us + 1);
    timers_run(&timers);
}

/* Turns until the connector is done. */
static void wait_done(void)
{
    uint64_t end_us = clock_us() + PATIENCE_MS * UINT64_C(1000);
    ck_assert_int_eq(done_count, 0);
    while (!done_count) {
        ck_assert(clock_us() < end_us);
        turn();
    }
    ck_assert_int_eq(done_count, 1);
}

static struct address loopback(uint16_t port)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct address address = {.len = sizeof in, .kind = ADDRESS_IPV4};
    memcpy(&address.storage, &in, sizeof in);
    return address;
}

/* A socket with a port of the kernel's choice. */
static int bind_any(struct address *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address = loopback(0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address->storage, address->len), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address->storage, &address->len), 0);
    return fd;
}

START_TEST(test_a_connection)
{
    struct address address;
    int listening = bind_any(&address);
    ck_assert_int_eq(listen(listening, 1), 0);
    connector_begin(&connector, &address, 1000);
    wait_done();
    ck_assert_str_eq(done_why, "");
    int fd = accept(listening, NULL, NULL);
    ck_assert_int_eq(send(fd, "x", 1, 0), 1);
    char got;
    ck_assert_int_eq(recv(done_fd, &got, 1, 0), 1);
    close(fd);
    close(listening);
}
END_TEST

START_TEST(test_nobody_listens)
{
    struct address address;
    int bound = bind_any(&address);
    connector_begin(&connector, &address, 1000);
    wait_done();
    ck_assert_str_eq(done_why, "Connection refused");
    close(bound);
}
END_TEST

START_TEST(test_no_such_path)
{
    struct address address;
    char error[128];
    ck_assert_int_eq(address_parse(&address, "unix:/nowhere/at-all", error, sizeof error), 0);
    connector_begin(&connector, &address, 1000);
    ck_assert_msg(done_count == 0, "not in the call");
    wait_done();
    ck_assert_str_eq(done_why, "No such file or directory");
}
END_TEST

/* Of a listener with a full queue the kernel takes no more connections, and says nothing. */
START_TEST(test_no_answer_in_time)
{
    struct address address;
    int listening = bind_any(&address), fill[4];
    ck_assert_int_eq(listen(listening, 0), 0);
    for (size_t i = 0; i < SUPPORT_COUNT(fill); i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        __real_connect(fill[i], (struct sockaddr *)&address.storage, address.len);
    }
    connector_begin(&connector, &address, 500);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_int_eq(done_count, 0);
    timers_turn(&timers, timers.now_us + 500000);
    wait_done();
    ck_assert_str_eq(done_why, "no answer within 500 ms");
    for (size_t i = 0; i < SUPPORT_COUNT(fill); i++)
        close(fill[i]);
    close(listening);
}
END_TEST

START_TEST(test_a_connection_with_itself_is_none)
{
    struct address address;
    close(bind_any(&address));
    to_self = true;
    connector_begin(&connector, &address, 1000);
    wait_done();
    ck_assert_int_eq(done_fd, -1);
    ck_assert_str_eq(done_why, "Connection refused");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_msg(bind(fd, (struct sockaddr *)&address.storage, address.len) == 0,
                  "the port is free at once");
    close(fd);
}
END_TEST

START_TEST(test_cancelled)
{
    struct address address;
    int listening = bind_any(&address);
    ck_assert_int_eq(listen(listening, 1), 0);
    connector_begin(&connector, &address, 1000);
    connector_cancel(&connector);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_int_eq(done_count, 0);
    connector_begin(&connector, &address, 1000);
    wait_done();
    ck_assert_int_ge(done_fd, 0);
    close(listening);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("connect");
    TCase *tc = tcase_create("connect");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_a_connection);
    tcase_add_test(tc, test_nobody_listens);
    tcase_add_test(tc, test_no_such_path);
    tcase_add_test(tc, test_no_answer_in_time);
    tcase_add_test(tc, test_a_connection_with_itself_is_none);
    tcase_add_test(tc, test_cancelled);
    return run_suite(suite);
}
