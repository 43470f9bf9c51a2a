/* test_stream: calls with a connection of their own. */
#include <taskmaster/version.h>

#include "tests/unit/gateway/upstream/upstream_world.h"

static void stream(struct owner *owner, const char *op, const char *members, const char *payload)
{
    struct payload *body = payload ? payload_from(&budget, payload, strlen(payload)) : NULL;
    upstream_stream(upstream, &owner->call, op, members, strlen(members), body);
    payload_unref(body);
}

START_TEST(test_a_job_on_a_connection_of_its_own)
{
    daemon_comes();
    stream(&a, "submit", ",\"module\":\"x\"", "in");
    turns();
    ck_assert_uint_eq(fd_count, SHARED + 1);
    ck_assert_uint_eq(upstream_connections(upstream), SHARED + 1);
    daemon_greets(SHARED);
    ck_written(SHARED, "{\"op\":\"submit\",\"id\":0,\"module\":\"x\",\"size\":2}\nin");
    daemon_says(SHARED, "{\"event\":\"part\",\"id\":0,\"seq\":0,\"size\":2}\nab"
                        "{\"event\":\"done\",\"id\":0,\"size\":1}\nc");
    ck_told("a part part ab\na done done last c\n");
    ck_closed(SHARED);
    ck_assert_uint_eq(upstream_connections(upstream), SHARED);
}
END_TEST

START_TEST(test_a_watch)
{
    daemon_comes();
    stream(&a, "watch", ",\"what\":[\"jobs\"]", NULL);
    turns();
    daemon_greets(SHARED);
    ck_written(SHARED, "{\"op\":\"watch\",\"id\":0,\"what\":[\"jobs\"]}\n");
    daemon_says(SHARED, "{\"event\":\"ok\",\"id\":0,\"op\":\"watch\"}\n");
    daemon_says(SHARED, "{\"event\":\"job\",\"state\":\"waiting\"}\n");
    daemon_says(SHARED, "{\"event\":\"draining\"}\n");
    ck_told("a answer ok\na news job\n");
    upstream_say(&a.call, "unwatch", "", 0);
    ck_written(SHARED, "{\"op\":\"unwatch\",\"id\":\"said\"}\n");
    daemon_says(SHARED, "{\"event\":\"ok\",\"id\":\"said\"}\n");
    ck_told("");
    upstream_forget(&a.call, false);
    ck_closed(SHARED);
}
END_TEST

START_TEST(test_a_refused_watch)
{
    daemon_comes();
    stream(&a, "watch", "", NULL);
    turns();
    daemon_greets(SHARED);
    daemon_says(SHARED, "{\"event\":\"error\",\"id\":0,\"code\":\"denied\"}\n");
    ck_told("a error error last\n");
    ck_closed(SHARED);
}
END_TEST

/* The daemon has taken the token back: the words are about the connection, not about the request.
 */
START_TEST(test_the_words_of_a_fatal_error)
{
    daemon_comes();
    stream(&a, "watch", "", NULL);
    turns();
    daemon_greets(SHARED);
    daemon_says(SHARED, "{\"event\":\"ok\",\"id\":0}\n");
    daemon_says(SHARED,
                "{\"event\":\"error\",\"code\":\"unauthorized\",\"message\":\"a new token\","
                "\"fatal\":true}\n");
    ck_told("a answer ok\n");
    daemon_closes(SHARED);
    ck_told("a lost begun: a new token\n");
}
END_TEST

/* A reload frees the tokens of before, while the connection is being made. */
START_TEST(test_new_tokens)
{
    struct token_set before = {0}, after = {0};
    token_set_add(&before, "before");
    token_set_add(&after, "after");
    daemon_comes();
    upstream_configure(upstream, &before);
    stream(&a, "watch", "", NULL);
    upstream_configure(upstream, &after);
    token_set_free(&before);
    turns();
    ck_written(SHARED,
               "{\"op\":\"hello\",\"protocol\":1,\"client\":\"taskmaster-http/" TASKMASTER_VERSION
               "\",\"token\":\"after\"}\n");
    upstream_forget(&a.call, false);
    upstream_configure(upstream, &tokens);
    token_set_free(&after);
}
END_TEST

START_TEST(test_a_held_stream_is_not_read)
{
    daemon_comes();
    stream(&a, "watch", "", NULL);
    turns();
    daemon_greets(SHARED);
    daemon_says(SHARED, "{\"event\":\"ok\",\"id\":0}\n");
    upstream_hold(&a.call);
    daemon_says(SHARED, "{\"event\":\"one\"}\n{\"event\":\"two\"}\n");
    ck_told("a answer ok\n");
    upstream_release(&a.call);
    turns();
    ck_told("a news one\na news two\n");
    upstream_release(&a.call); /* without a hold nothing happens */
    upstream_forget(&a.call, false);
}
END_TEST

/* An owner that holds its stream at each event. */
static void hold(struct upstream_call *call, const struct upstream_event *event)
{
    on_event(call, event);
    upstream_hold(call);
}

START_TEST(test_a_hold_in_the_call_of_an_event)
{
    static const struct upstream_call_ops holding = {hold, on_lost};
    struct owner owner = {{.ops = &holding}, "h"};
    daemon_comes();
    stream(&owner, "submit", "", NULL);
    turns();
    daemon_greets(SHARED);
    daemon_says(SHARED, "{\"event\":\"part\",\"id\":0,\"size\":1}\na"
                        "{\"event\":\"progress\",\"id\":0}\n{\"event\":\"done\",\"id\":0}\n");
    ck_told("h part part a\n");
    upstream_release(&owner.call);
    turns();
    ck_told("h progress progress\n");
    upstream_release(&owner.call);
    turns();
    ck_told("h done done last\n");
}
END_TEST

START_TEST(test_the_daemon_is_away)
{
    stream(&a, "submit", "", "x");
    pass_ms(500);
    ck_told("");
    pass_ms(500);
    pass_ms(100);
    ck_assert_int_eq(strncmp(told, "a lost: ", 8), 0);
}
END_TEST

START_TEST(test_the_daemon_starts_again)
{
    daemon_comes();
    for (size_t i = 0; i < SHARED; i++)
        daemon_closes(i);
    close(listening);
    ck_assert_int_eq(unlink(socket_name().sun_path), 0);
    stream(&a, "submit", "", "x");
    pass_ms(500);
    ck_told("");
    daemon_listens();
    pass_ms(100);
    ck_assert_uint_eq(fd_count, 2 * SHARED + 1);
    for (size_t i = SHARED; i < fd_count; i++)
        daemon_greets(i);
    upstream_forget(&a.call, false);
}
END_TEST

START_TEST(test_the_daemon_goes)
{
    daemon_comes();
    stream(&a, "submit", "", NULL);
    turns();
    daemon_closes(SHARED);
    ck_told("a lost: the master closed the connection\n");
    stream(&a, "submit", "", NULL);
    turns();
    daemon_greets(SHARED + 1);
    turns();
    daemon_closes(SHARED + 1);
    ck_told("a lost begun: the master closed the connection\n");
}
END_TEST

START_TEST(test_a_forgotten_stream_has_not_begun)
{
    daemon_comes();
    stream(&a, "submit", "", "x");
    upstream_forget(&a.call, false);
    stream(&a, "submit", "", "x");
    turns();
    upstream_forget(&a.call, false);
    turns();
    ck_told("");
    ck_assert_uint_eq(upstream_connections(upstream), SHARED);
}
END_TEST

START_TEST(test_the_end_of_the_gateway)
{
    daemon_comes();
    stream(&a, "watch", "", NULL);
    stream(&b, "submit", "", NULL);
    turns();
    daemon_greets(SHARED);
    daemon_greets(SHARED + 1);
    upstream_drain(upstream);
    ck_told("a lost begun: the gateway is shutting down\n");
    daemon_says(SHARED + 1, "{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    ck_told("b done done last\n");
}
END_TEST

START_TEST(test_freed_with_streams)
{
    daemon_comes();
    stream(&a, "watch", "", NULL);
    stream(&b, "submit", "", "payload");
    turns();
    daemon_greets(SHARED);
    upstream_free(upstream);
    upstream = NULL;
    ck_told("a lost begun: the gateway has ended\nb lost: the gateway has ended\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway_stream");
    TCase *tc = tcase_create("stream");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_a_job_on_a_connection_of_its_own);
    tcase_add_test(tc, test_a_watch);
    tcase_add_test(tc, test_a_refused_watch);
    tcase_add_test(tc, test_the_words_of_a_fatal_error);
    tcase_add_test(tc, test_new_tokens);
    tcase_add_test(tc, test_a_held_stream_is_not_read);
    tcase_add_test(tc, test_a_hold_in_the_call_of_an_event);
    tcase_add_test(tc, test_the_daemon_is_away);
    tcase_add_test(tc, test_the_daemon_starts_again);
    tcase_add_test(tc, test_the_daemon_goes);
    tcase_add_test(tc, test_a_forgotten_stream_has_not_begun);
    tcase_add_test(tc, test_the_end_of_the_gateway);
    tcase_add_test(tc, test_freed_with_streams);
    return run_suite(suite);
}
