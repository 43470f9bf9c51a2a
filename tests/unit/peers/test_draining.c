/* test_draining: each client is told of a drain once, a batch in each turn. */
#include "tests/unit/peers/peers_world.h"

enum { MANY = 700 };

static const char EVENT[] = "{\"event\":\"draining\"}\n";

static void drain(void)
{
    peers_tell_draining(&peers);
}

START_TEST(test_each_is_told_once)
{
    int fd[MANY];
    size_t told = 0;
    open_world(MANY + 10, NULL);
    for (int i = 0; i < MANY; i++)
        fd[i] = come(HELLO_PLAIN);
    turns();
    for (int i = 0; i < MANY; i++)
        assert_welcome(fd[i]);
    drain();
    turn();
    for (int i = 0; i < MANY; i++) {
        char byte;
        told += recv(fd[i], &byte, 1, MSG_PEEK) == 1;
    }
    ck_assert_uint_gt(told, 0);
    ck_assert_uint_lt(told, MANY);
    turns();
    for (int i = 0; i < MANY; i++) {
        bool is_closed;
        ck_assert_str_eq(heard(fd[i], &is_closed), EVENT);
        ck_assert(!is_closed);
    }
    close_world();
}
END_TEST

/* The answer to a later hello tells, and no event comes behind. */
START_TEST(test_later_hello)
{
    open_world(10, NULL);
    int early = come(HELLO_PLAIN), late = come("");
    turns();
    assert_welcome(early);
    drain();
    say(late, HELLO_PLAIN);
    turns();
    assert_heard(late, "\"draining\":true");
    turns();
    assert_quiet(late);
    assert_heard(early, EVENT);
    close_world();
}
END_TEST

/* Sessions that go in between are passed over. */
START_TEST(test_some_go)
{
    int fd[MANY];
    open_world(MANY + 10, NULL);
    for (int i = 0; i < MANY; i++)
        fd[i] = come(HELLO_PLAIN);
    turns();
    drain();
    for (int i = 200; i < 500; i++)
        close(fd[i]);
    turns();
    assert_heard(fd[MANY - 1], EVENT);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("draining");
    TCase *tc = tcase_create("draining");
    tcase_add_test(tc, test_each_is_told_once);
    tcase_add_test(tc, test_later_hello);
    tcase_add_test(tc, test_some_go);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
