/* test_admit: the number of connections without a hello, and the order of their ends. */
#include "tests/unit/peers/peers_world.h"

enum { MANY = 300 };

/* Silent connections do not count as clients, however many they are: each client finds its place.
 */
START_TEST(test_silent_connections_take_no_place_of_a_client)
{
    int client[5];
    open_world(5, NULL);
    for (int i = 0; i < MANY; i++)
        come("");
    for (int i = 0; i < 5; i++)
        client[i] = come(HELLO_PLAIN);
    int sixth = come(HELLO_PLAIN);
    turns();
    for (int i = 0; i < 5; i++)
        assert_welcome(client[i]);
    assert_told(sixth, "too-many-clients");
    ck_assert_uint_eq(peers.connected, 5);
    close(client[0]);
    turns();
    ck_assert_uint_eq(peers.connected, 4);
    int again = come(HELLO_PLAIN);
    turns();
    assert_welcome(again);
    close_world();
}
END_TEST

/* If clients leave no place free, there may be 100. One more ends the oldest silent one, and tells
 * it the reason. */
START_TEST(test_one_more_ends_the_oldest_silent_connection)
{
    int fd[MANY];
    open_world(1, NULL);
    come(HELLO_PLAIN); /* has the only place of a client */
    int half = come("{\"op\":");
    for (int i = 0; i < MANY; i++)
        fd[i] = come("");
    turns();
    ck_assert_uint_eq(peers.admit.unauthenticated.count, 100);
    for (int i = 0; i < MANY - 99; i++)
        assert_told(fd[i], "too-slow");
    for (int i = MANY - 99; i < MANY; i++)
        assert_quiet(fd[i]);
    say(half, "\"hello\",\"protocol\":1}\n");
    turns();
    assert_told(half, "too-many-clients");
    close_world();
}
END_TEST

/* A program may open its connections first and say hello on each later. It has a second for this,
 * for nobody else needs the places. */
START_TEST(test_a_burst_has_a_second)
{
    int fd[MANY];
    open_world(200, NULL); /* 300 places, with the 100 for connections without a hello */
    for (int i = 0; i < MANY; i++)
        fd[i] = come("");
    pass_ms(900);
    for (int i = 0; i < MANY; i += 2)
        say(fd[i], HELLO_PLAIN);
    turns();
    ck_assert_uint_eq(peers.connected, MANY / 2);
    ck_assert_uint_eq(peers.admit.unauthenticated.count, MANY / 2);
    pass_ms(1500);
    ck_assert_uint_eq(peers.admit.unauthenticated.count, 100);
    for (int i = 0; i < MANY; i += 2)
        assert_welcome(fd[i]);
    assert_told(fd[1], "too-slow");
    assert_told(fd[99], "too-slow");
    assert_quiet(fd[101]);
    assert_quiet(fd[MANY - 1]);
    come("");
    turns();
    ck_assert_uint_eq(peers.admit.unauthenticated.count, 100);
    assert_told(fd[101], "too-slow"); /* at once: its second is over */
    close_world();
}
END_TEST

/* Unread input is no silence. */
START_TEST(test_unread_input_is_no_silence)
{
    int fd[150];
    open_world(1000, NULL);
    for (int i = 0; i < 150; i++)
        fd[i] = come("");
    for (int i = 0; i < 150; i++)
        say(fd[i], HELLO_PLAIN);
    now_us += 3000000;
    timers_turn(&timers, now_us);
    timers_run(&timers); /* before anything is read */
    ck_assert_uint_eq(peers.admit.unauthenticated.count, 150);
    turns();
    ck_assert_uint_eq(peers.connected, 150);
    for (int i = 0; i < 150; i++)
        assert_welcome(fd[i]);
    close_world();
}
END_TEST

/* A refused connection lingers as long as there is room. */
START_TEST(test_a_refused_connection_goes_first)
{
    bool is_closed;
    int told[40], silent[80];
    open_world(1, NULL);
    come(HELLO_PLAIN);
    for (int i = 0; i < 80; i++)
        silent[i] = come("");
    for (int i = 0; i < 40; i++)
        told[i] = come("nonsense\n");
    turns();
    ck_assert_uint_le(peers.admit.unauthenticated.count, 100);
    for (int i = 0; i < 40; i++)
        assert_told(told[i], "bad-json");
    for (int i = 0; i < 20; i++)
        come("");
    for (int i = 0; i < 20; i++)
        say(silent[79 - i], "{");
    turns();
    heard(silent[79], &is_closed);
    ck_assert(!is_closed);
    ck_assert_uint_eq(peers.admit.unauthenticated.count, 100);
    ck_assert_uint_le(peers.open, 101);
    close_world();
}
END_TEST

/* Refused connections do not cost the place of a new one before its hello. */
static const char *const refused[] = {HELLO("a-wrong-one"), "nonsense\n"};

START_TEST(test_a_new_connection_stays_beside_refused_ones)
{
    open_world(1, TOKENS("the-first-token-of-all"));
    for (int i = 0; i < 150; i++)
        come(refused[_i]);
    int slow = come("");
    for (int i = 0; i < 50; i++)
        come(refused[_i]);
    turns();
    ck_assert_uint_le(peers.admit.unauthenticated.count, 101);
    say(slow, HELLO("the-first-token-of-all"));
    turns();
    assert_welcome(slow);
    close_world();
}
END_TEST

/* After its first second a connection goes first, even with a part of a hello. */
START_TEST(test_a_slow_connection_goes_before_a_new_one)
{
    open_world(1, NULL);
    for (int i = 0; i < 100; i++)
        come("{");
    come(HELLO_PLAIN);
    pass_ms(1500);
    int slow = come("");
    turns();
    ck_assert_uint_eq(peers.admit.unauthenticated.count, 100);
    assert_quiet(slow);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("admit");
    TCase *tc = tcase_create("admit");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_silent_connections_take_no_place_of_a_client);
    tcase_add_test(tc, test_one_more_ends_the_oldest_silent_connection);
    tcase_add_test(tc, test_a_burst_has_a_second);
    tcase_add_test(tc, test_unread_input_is_no_silence);
    tcase_add_test(tc, test_a_refused_connection_goes_first);
    tcase_add_loop_test(tc, test_a_new_connection_stays_beside_refused_ones, 0,
                        SUPPORT_COUNT(refused));
    tcase_add_test(tc, test_a_slow_connection_goes_before_a_new_one);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
