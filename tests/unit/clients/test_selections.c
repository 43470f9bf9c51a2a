/* test_selections: many at a time, and a client that goes meanwhile. */
#include "clients/selections.h"

#include "tests/unit/clients/clients_world.h"

#define CANCEL(id) "{\"op\":\"cancel\",\"id\":" id ",\"select\":{\"module\":\"none\"}}\n"

static int greeted(void)
{
    int fd = come(HELLO_PLAIN);
    turns();
    assert_welcome(fd);
    return fd;
}

/* In the order of their requests, one in each turn. */
START_TEST(test_one_after_the_other)
{
    bool is_closed;
    open_world(10, NULL);
    int one = greeted(), other = greeted();
    say(one, CANCEL("1") CANCEL("2"));
    say(other, CANCEL("3"));
    turns();
    ck_assert_str_eq(heard(one, &is_closed),
                     "{\"event\":\"ok\",\"id\":1,\"op\":\"cancel\",\"count\":0}\n"
                     "{\"event\":\"ok\",\"id\":2,\"op\":\"cancel\",\"count\":0}\n");
    ck_assert_str_eq(heard(other, &is_closed),
                     "{\"event\":\"ok\",\"id\":3,\"op\":\"cancel\",\"count\":0}\n");
    close_world();
}
END_TEST

START_TEST(test_too_many)
{
    bool is_closed;
    open_world(10, NULL);
    int fd = greeted();
    for (int i = 0; i < SELECTIONS_MAX + 1; i++)
        say(fd, CANCEL("1"));
    turn();
    for (int i = 0; i < SELECTIONS_MAX; i++)
        turn();
    const char *text = heard(fd, &is_closed);
    ck_assert_ptr_nonnull(strstr(text, "\"code\":\"too-many\""));
    ck_assert_uint_eq(clients.open, 1);
    ck_assert(TAILQ_EMPTY(&clients.selections.list));
    close_world();
}
END_TEST

/* The others' are done. */
START_TEST(test_a_client_goes)
{
    open_world(10, NULL);
    int one = greeted(), other = greeted();
    for (int i = 0; i < 50; i++)
        say(one, CANCEL("1"));
    say(other, CANCEL("2"));
    turn();
    ck_assert(!TAILQ_EMPTY(&clients.selections.list));
    close(one);
    turns();
    turns();
    turns();
    turns();
    assert_heard(other, "\"id\":2");
    ck_assert(TAILQ_EMPTY(&clients.selections.list));
    close_world();
}
END_TEST

/* The session ends behind its answers. */
START_TEST(test_end_of_input)
{
    bool is_closed;
    open_world(10, NULL);
    int fd = greeted();
    say(fd, CANCEL("1") CANCEL("2"));
    shutdown(fd, SHUT_WR);
    turns();
    const char *text = heard(fd, &is_closed);
    ck_assert_ptr_nonnull(strstr(text, "\"id\":2"));
    ck_assert(is_closed);
    close_world();
}
END_TEST

START_TEST(test_the_server_ends)
{
    open_world(10, NULL);
    say(greeted(), CANCEL("1") CANCEL("2") CANCEL("3"));
    turn();
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("selections");
    TCase *tc = tcase_create("selections");
    tcase_add_test(tc, test_one_after_the_other);
    tcase_add_test(tc, test_too_many);
    tcase_add_test(tc, test_a_client_goes);
    tcase_add_test(tc, test_end_of_input);
    tcase_add_test(tc, test_the_server_ends);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
