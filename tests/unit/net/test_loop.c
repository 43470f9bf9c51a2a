/* test_loop: a turn ends for a ready descriptor, and for the earliest timer. */
#include "net/loop.h"

#include "base/clock.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop loop;
static struct timer timer, later;
static int fired;

static void on_timer(void *arg)
{
    (void)arg;
    fired++;
}

static void setup(void)
{
    loop_open(&loop);
    timer_init(&timer, on_timer, NULL);
    timer_init(&later, on_timer, NULL);
    fired = 0;
}

static void teardown(void)
{
    timer_clear(&loop.timers, &timer);
    timer_clear(&loop.timers, &later);
    loop_close(&loop);
}

/* A turn may end early, but never late. */
static void turn_until_fired(int count)
{
    for (int i = 0; fired < count && i < 100; i++)
        loop_turn(&loop);
    ck_assert_int_eq(fired, count);
}

START_TEST(test_a_timer_fires)
{
    uint64_t begin = clock_us();
    timer_set_ms(&loop.timers, &timer, 20);
    turn_until_fired(1);
    ck_assert_uint_ge(clock_us() - begin, 20000);
    ck_assert(!timer_is_set(&timer));
}
END_TEST

/* The second one is set while the loop would sleep for an hour. */
START_TEST(test_an_earlier_timer_is_not_late)
{
    timer_set_ms(&loop.timers, &later, 3600000);
    timer_set_ms(&loop.timers, &timer, 1);
    turn_until_fired(1);
    ck_assert(timer_is_set(&later));
    timer_set_ms(&loop.timers, &timer, 5);
    turn_until_fired(2);
    ck_assert(timer_is_set(&later));
}
END_TEST

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    char byte;
    (void)what;
    (void)arg;
    ck_assert_int_eq(read(fd, &byte, 1), 1);
    fired++;
}

START_TEST(test_a_descriptor_ends_the_turn)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    struct event *event = event_new(loop.base, ends[0], EV_READ | EV_PERSIST, on_readable, NULL);
    ck_assert_int_eq(event_add(event, NULL), 0);
    timer_set_ms(&loop.timers, &later, 3600000);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    loop_turn(&loop);
    ck_assert_int_eq(fired, 1);
    event_free(event);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop");
    TCase *tc = tcase_create("loop");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_a_timer_fires);
    tcase_add_test(tc, test_an_earlier_timer_is_not_late);
    tcase_add_test(tc, test_a_descriptor_ends_the_turn);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
