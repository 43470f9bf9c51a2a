/* test_tokens: wrong tokens are told late and one by one; sessions with a revoked token end; tokens
 * grant rights. */
#include "tests/unit/clients/clients_world.h"

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
    ck_assert_uint_eq(clients.peers.connected, 2);
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
    ck_assert_uint_le(clients.peers.admit.unauthenticated.count, 101);
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
    ck_assert_uint_eq(clients.peers.connected, MANY);
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

#define SUBMIT(module) "{\"op\":\"submit\",\"id\":1,\"module\":\"" module "\"}\n"
#define DENIED(right)  "needs the right " right "; this connection's token lacks it"

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
    add_token("web", "the-second-token-of-all", RIGHT_OBSERVE);
    int web = come(HELLO("the-second-token-of-all"));
    turns();
    assert_welcome(web);
    say(web, SUBMIT("fib"));
    turns();
    assert_heard(web, DENIED("submit"));
    reload(10, TOKENS("the-first-token-of-all"));
    add_token("web", "the-second-token-of-all", RIGHT_SUBMIT);
    say(web, SUBMIT("fib") "{\"op\":\"stats\"}\n");
    turns();
    bool is_closed;
    const char *text = heard(web, &is_closed);
    ck_assert_msg(strstr(text, "unknown-module") && strstr(text, DENIED("observe")), "%s", text);
    close_world();
}
END_TEST

START_TEST(test_a_token_may_submit_to_its_modules_alone)
{
    open_world(10, TOKENS("the-first-token-of-all"));
    add_token("web", "the-second-token-of-all", RIGHT_SUBMIT);
    grant_limit(&access_settings.tokens.tokens[1].grant, GRANT_MODULE "fib");
    int web = come(HELLO("the-second-token-of-all"));
    turns();
    assert_welcome(web);
    say(web, SUBMIT("fib"));
    turns();
    assert_heard(web, "unknown-module");
    say(web, "{\"op\":\"set\",\"module\":\"wc\"}\n{\"op\":\"submit\",\"id\":1}\n");
    turns();
    assert_heard(web, DENIED("module:wc"));
    close_world();
}
END_TEST

static const char *const relayed[] = {
    "\"origin\":\"q-1\"",
    "\"attempt\":2",
    "\"for\":\"alice\"",
};

START_TEST(test_only_a_relay_sets_an_origin)
{
    char text[128];
    snprintf(text, sizeof text, "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\",%s}\n",
             relayed[_i]);
    open_world(10, TOKENS("the-first-token-of-all"));
    add_token("queue", "the-second-token-of-all", RIGHT_SUBMIT | RIGHT_RELAY);
    int plain = come(HELLO("the-first-token-of-all"));
    int queue = come(HELLO("the-second-token-of-all"));
    turns();
    assert_welcome(plain);
    assert_welcome(queue);
    say(plain, text);
    say(queue, text);
    turns();
    assert_heard(plain, "submit with these fields " DENIED("relay"));
    assert_heard(queue, "unknown-module");
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
    tcase_add_test(tc, test_a_token_may_submit_to_its_modules_alone);
    tcase_add_loop_test(tc, test_only_a_relay_sets_an_origin, 0, SUPPORT_COUNT(relayed));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
