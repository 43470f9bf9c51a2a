/* test_port: hellos on the worker port, right and wrong, and crowds of silent connections. */
#include "workers/port.h"

#include "tests/unit/workers/workers_world.h"

enum { CROWD = 300 }; /* more than there may be at a time */

static const uint8_t wrong_token[TOKEN_BYTES] = {1};

/* --- hellos --- */

static bool is_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK);
    ck_assert_int_le(n, 0); /* nothing is said to strangers */
    return n == 0 || errno != EAGAIN;
}

/* A new connection says hello as the worker, with that token. */
static int say_hello(const char *release, uint32_t worker, const uint8_t token[TOKEN_BYTES])
{
    int fd = connect_to_port();
    send_hello(fd, release, worker, token);
    turn();
    return fd;
}

static void refuses(const char *release, uint32_t worker, const uint8_t *token, const char *why)
{
    ck_assert(is_closed(say_hello(release, worker, token)));
    assert_logged(why);
}

static void drain_and_close(void)
{
    pools_drain(&pools, false);
    if (the_link()->state == LINK_READY || the_link()->state == LINK_RETIRING)
        kill(the_link()->worker->pid, SIGTERM); /* a sleeping one does not hear that it is to end */
    close_world();
}

START_TEST(test_wrong_hellos)
{
    open_world(SLEEPING_WORKER);
    const uint8_t *token = the_link()->token;
    refuses(TASKMASTER_VERSION, 1, wrong_token, "its token is not valid");
    refuses(TASKMASTER_VERSION, 2, token, "its token is not valid");
    refuses("0.0.0", 1, token, "it is of another release");
    ck_assert_int_eq(the_link()->state, LINK_STARTED);
    drain_and_close();
}
END_TEST

/* A token is good for one connection. */
START_TEST(test_a_token_is_used_once)
{
    open_world(SLEEPING_WORKER);
    become_idle();
    refuses(TASKMASTER_VERSION, 1, the_link()->token, "its token was used already");
    ck_assert_int_eq(the_link()->state, LINK_READY);
    drain_and_close();
}
END_TEST

START_TEST(test_no_hello)
{
    open_world(SLEEPING_WORKER);
    int fd = connect_to_port();
    send_ready(fd);
    turn();
    ck_assert(is_closed(fd));
    assert_logged("it does not speak the workers' protocol");
    close(connect_to_port());
    turn();
    assert_logged("it closed its connection");
    drain_and_close();
}
END_TEST

/* The hello or the silence of a killed worker is no stranger's. A second one is. */
START_TEST(test_a_worker_killed_before_its_hello)
{
    uint8_t token[TOKEN_BYTES];
    open_world(SLEEPING_WORKER);
    memcpy(token, the_link()->token, sizeof token);
    pools_drain(&pools, false);
    while (the_link()->state != LINK_KILLED)
        turn();
    if (_i) {
        await_death();
        workers_reap(&workers);
        ck_assert_ptr_null(the_link());
    }
    ck_assert(is_closed(say_hello(TASKMASTER_VERSION, 1, token)));
    assert_not_logged("stranger");
    refuses(TASKMASTER_VERSION, 1, token, "its token is not valid");
    close_world();
}
END_TEST

/* --- crowds --- */

static void forge_hello(char hello[sizeof(struct wire_head) + sizeof(struct wire_hello)])
{
    const struct wire_hello body = {.worker = 1};
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_HELLO, .size = sizeof body};
    snprintf(head.name, sizeof head.name, "%s", TASKMASTER_VERSION);
    memcpy(hello, &head, sizeof head);
    memcpy(hello + sizeof head, &body, sizeof body);
}

/* Comes to the worker port, having sent `len` bytes of `hello`. Returns the stranger's end. */
static int come(const char *hello, size_t len)
{
    const struct sockaddr addr = {.sa_family = AF_INET};
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    ck_assert_int_eq(write(pair[0], hello, len), (ssize_t)len);
    worker_port_accept(&workers, pair[1], &addr, sizeof addr);
    return pair[0];
}

/* A silent connection goes before a begun hello, wherever that was cut. Each is heard once more
 * before it goes: it may have spoken after the last look. */
START_TEST(test_the_silent_ones_go_first)
{
    char hello[sizeof(struct wire_head) + sizeof(struct wire_hello)];
    int silent[CROWD];
    forge_hello(hello);
    open_world(REAL_WORKER);
    int half = come(hello, sizeof(struct wire_head) / 2);
    int nearly = come(hello, sizeof hello - 1);
    int late = come(hello, 0);
    ck_assert_int_eq(write(late, hello, 1), 1);
    int later = come(hello, 0);
    ck_assert_int_eq(write(later, hello, sizeof hello), sizeof hello);
    for (int i = 0; i < CROWD; i++)
        silent[i] = come(hello, 0);
    ck_assert(!is_closed(half) && !is_closed(nearly) && !is_closed(late));
    ck_assert(is_closed(later) && is_closed(silent[0]) && is_closed(silent[CROWD / 2 - 1]));
    ck_assert(!is_closed(silent[CROWD - 1]) && !is_closed(silent[CROWD / 2 + 50]));
    assert_logged("its token is not valid"); /* it was later's */
    ck_assert_uint_le(workers.unauthenticated.count, 128);
    worker_port_close(&workers);
    ck_assert_uint_eq(workers.unauthenticated.count, 0);
    ck_assert(is_closed(half) && is_closed(nearly) && is_closed(late) && is_closed(silent[299]));
    drain_and_close();
}
END_TEST

/* An end and a hello are seen at accept, so that neither takes a place. */
START_TEST(test_a_spoken_hello_takes_no_place)
{
    char hello[sizeof(struct wire_head) + sizeof(struct wire_hello)];
    forge_hello(hello);
    open_world(REAL_WORKER);
    int first = come(hello, 0);
    for (int i = 0; i < CROWD; i++)
        close(come(hello, sizeof hello));
    ck_assert_uint_eq(workers.unauthenticated.count, 1);
    ck_assert(!is_closed(first));
    worker_port_close(&workers);
    drain_and_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("port");
    TCase *tc = tcase_create("hellos");
    tcase_add_test(tc, test_wrong_hellos);
    tcase_add_test(tc, test_a_token_is_used_once);
    tcase_add_test(tc, test_no_hello);
    tcase_add_loop_test(tc, test_a_worker_killed_before_its_hello, 0, 2);
    suite_add_tcase(suite, tc);
    tc = tcase_create("crowds");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_the_silent_ones_go_first);
    tcase_add_test(tc, test_a_spoken_hello_takes_no_place);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
