/* test_grants: the submits that a token permits. */
#include "tests/unit/clients/clients_world.h"

#define SUBMIT(module) "{\"op\":\"submit\",\"id\":1,\"module\":\"" module "\"}\n"
#define DENIED(right)  "needs the right " right "; this connection's token lacks it"

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
    Suite *suite = suite_create("grants");
    TCase *tc = tcase_create("grants");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_a_token_may_submit_to_its_modules_alone);
    tcase_add_loop_test(tc, test_only_a_relay_sets_an_origin, 0, SUPPORT_COUNT(relayed));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
