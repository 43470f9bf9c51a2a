/* test_tokens: wrong tokens are told late and one by one; sessions with a revoked token end; tokens
 * grant rights. */
#include "tests/unit/peers/peers_world.h"

enum { MANY = 300 };

/* --- wrong tokens --- */

START_TEST(test_a_wrong_token_is_told_after_a_delay)
{
    open_world(10, TOKENS("the-first-token-of-all", "the-second-token-of-all"));
    int wrong = come(HELLO("the-first-token-of-al") PING);
    int none = come(HELLO_PLAIN);
    int gone = come(HELLO("the-third-token-of-all"));
    int ended = come(HELLO("the-third-token-of-all"));
    int right = come(HELLO("the-second-token-of-all"));
    shutdown(ended, SHUT_WR);
    close(gone);
    turns();
    assert_welcome(right);
    say(right, PING);
    say(wrong, PING HELLO("the-first-token-of-all"));
    pass_ms(99);
    assert_quiet(wrong);
    assert_quiet(none);
    assert_quiet(ended);
    int another = come(HELLO("the-first-token-of-all"));
    turns();
    assert_welcome(another);
    pass_ms(5);
    assert_told(wrong, "unauthorized");
    assert_told(none, "this server asks for a token");
    assert_told(ended, "unauthorized");
    ck_assert_uint_eq(peers.connected, 2);
    close_world();
}
END_TEST

/* Two answers keep a distance, however many clients guess; the right token does not wait. */
START_TEST(test_many_wrong_tokens_are_told_one_by_one)
{
    int fd[150], told = 0;
    open_world(200, TOKENS("the-first-token-of-all"));
    for (int i = 0; i < 150; i++)
        fd[i] = come(HELLO("a-wrong-one"));
    int right = come(HELLO("the-first-token-of-all"));
    turns();
    assert_welcome(right);
    pass_ms(150);
    for (int i = 0; i < 150; i++) {
        bool is_closed;
        told += *heard(fd[i], &is_closed) != '\0';
    }
    ck_assert_int_ge(told, 45);
    ck_assert_int_le(told, 55);
    pass_ms(100);
    assert_told(fd[149], "unauthorized");
    close_world();
}
END_TEST

/* A wrong token waits behind open connections only. */
START_TEST(test_a_wrong_token_does_not_wait_for_closed_connections)
{
    open_world(1, TOKENS("the-first-token-of-all"));
    for (int i = 0; i < 3000; i++)
        close(come(HELLO("a-wrong-one")));
    turns();
    ck_assert_uint_le(peers.admit.unauthenticated.count, 101);
    int wrong = come(HELLO("a-wrong-one"));
    pass_ms(99);
    assert_quiet(wrong);
    pass_ms(110);
    assert_told(wrong, "unauthorized");
    close_world();
}
END_TEST

/* --- revoked tokens --- */

START_TEST(test_a_session_with_a_revoked_token_ends)
{
    int old[MANY], kept[MANY];
    open_world(10000, TOKENS("the-first-token-of-all", "the-second-token-of-all"));
    for (int i = 0; i < MANY; i++) {
        old[i] = come(HELLO("the-first-token-of-all"));
        kept[i] = come(HELLO("the-second-token-of-all"));
    }
    turns();
    reload(10000, TOKENS("the-second-token-of-all", "the-third-token-of-all"));
    close(old[0]); /* during the search */
    turns();
    for (int i = 1; i < MANY; i++)
        assert_told(old[i], "is not one of this server's any more");
    for (int i = 1; i < MANY; i++)
        close(old[i]);
    for (int i = 0; i < MANY; i++)
        assert_welcome(kept[i]);
    reload(10000, NULL);
    turns();
    for (int i = 0; i < MANY; i++)
        assert_quiet(kept[i]);
    ck_assert_uint_eq(peers.connected, MANY);
    close_world();
}
END_TEST

/* Clients may have a token before the server asks for one. */
START_TEST(test_a_reload_may_begin_to_ask_for_tokens)
{
    open_world(10, NULL);
    int none = come(HELLO_PLAIN);
    int wrong = come(HELLO("another-token-of-ours"));
    int right = come(HELLO("the-first-token-of-all"));
    turns();
    reload(10, TOKENS("the-first-token-of-all"));
    turns();
    assert_told(none, "unauthorized");
    assert_told(wrong, "unauthorized");
    assert_welcome(right);
    close_world();
}
END_TEST

/* --- what tokens grant --- */

#define CLIENTS       "{\"op\":\"clients\"}\n"
#define REOPEN        "{\"op\":\"reopen\"}\n"
#define DENIED(right) "needs the right " right "; this connection's token lacks it"

START_TEST(test_a_hello_is_told_its_name_and_rights)
{
    open_world(10, TOKENS("the-first-token-of-all"));
    add_token("web", "the-second-token-of-all", RIGHT_SUBMIT | RIGHT_RELAY);
    int plain = come(HELLO("the-first-token-of-all")), web = come(HELLO("the-second-token-of-all"));
    turns();
    assert_heard(plain, "\"rights\":[\"submit\",\"observe\",\"control\",\"serve\",\"admin\"]");
    assert_heard(web, "\"name\":\"web\",\"rights\":[\"submit\",\"relay\"]");
    reload(10, NULL);
    int open = come(HELLO_PLAIN);
    turns();
    assert_heard(open, "\"admin\",\"relay\"]");
    close_world();
}
END_TEST

START_TEST(test_a_reload_changes_the_rights_of_open_connections)
{
    open_world(10, TOKENS("the-first-token-of-all"));
    add_token("web", "the-second-token-of-all", RIGHT_ADMIN);
    int web = come(HELLO("the-second-token-of-all"));
    turns();
    assert_welcome(web);
    say(web, CLIENTS);
    turns();
    assert_heard(web, DENIED("observe"));
    reload(10, TOKENS("the-first-token-of-all"));
    add_token("web", "the-second-token-of-all", RIGHT_OBSERVE);
    say(web, CLIENTS REOPEN);
    turns();
    bool is_closed;
    const char *text = heard(web, &is_closed);
    ck_assert_msg(strstr(text, "\"event\":\"clients\"") && strstr(text, DENIED("admin")), "%s",
                  text);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokens");
    TCase *tc = tcase_create("tokens");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_a_wrong_token_is_told_after_a_delay);
    tcase_add_test(tc, test_many_wrong_tokens_are_told_one_by_one);
    tcase_add_test(tc, test_a_wrong_token_does_not_wait_for_closed_connections);
    tcase_add_test(tc, test_a_session_with_a_revoked_token_ends);
    tcase_add_test(tc, test_a_reload_may_begin_to_ask_for_tokens);
    tcase_add_test(tc, test_a_hello_is_told_its_name_and_rights);
    tcase_add_test(tc, test_a_reload_changes_the_rights_of_open_connections);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
