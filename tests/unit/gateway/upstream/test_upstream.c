/* test_upstream: calls on the connections to a daemon, and its comings and goings. */
#include <taskmaster/version.h>

#include "tests/unit/gateway/upstream/upstream_world.h"

static void ck_excuse(const char *expected)
{
    char excuse[UPSTREAM_EXCUSE_MAX];
    upstream_excuse(upstream, excuse, sizeof excuse);
    ck_assert_str_eq(excuse, expected);
}

START_TEST(test_the_view_of_a_daemon)
{
    ck_assert(!upstream_view(upstream).is_up);
    ck_assert_ptr_null(upstream_view(upstream).server);
    turns();
    ck_assert_ptr_nonnull(upstream_view(upstream).why);
    ck_excuse("the master is away: No such file or directory");
    pass_ms(100);
    daemon_listens();
    pass_ms(200);
    ck_assert_uint_eq(fd_count, SHARED);
    daemon_greets(0);
    struct upstream_view view = upstream_view(upstream);
    ck_assert(view.is_up && !view.is_draining && !view.why);
    ck_assert_str_eq(view.server, "taskmasterd/9");
    ck_assert_str_eq(view.boot, "b1");
    ck_assert_uint_eq(view.payload_max, 1000);
    ck_assert(upstream_has_feature(upstream, "detach") && !upstream_has_feature(upstream, "x"));
    ck_assert(upstream_has_right(upstream, "relay") && !upstream_has_right(upstream, "admin"));
    ck_assert_uint_eq(upstream_connections(upstream), SHARED);
}
END_TEST

START_TEST(test_a_submit_there_and_back)
{
    daemon_comes();
    ask(&a, "submit", ",\"module\":\"fib\"", "30");
    ck_written(0, "{\"op\":\"submit\",\"id\":0,\"module\":\"fib\",\"size\":2}\n30");
    daemon_says(0, "{\"event\":\"started\",\"id\":0,\"worker\":1}\n");
    daemon_says(0, "{\"event\":\"done\",\"id\":0,\"job\":\"b1-1\",\"size\":6}\n832040");
    ck_told("a started started\na done done last 832040\n");
    daemon_says(0, "{\"event\":\"done\",\"id\":0,\"job\":\"b1-1\",\"size\":6}\n832040");
    ck_told("");
}
END_TEST

START_TEST(test_the_ends_of_a_submit)
{
    static const char *const ends[] = {"failed", "overload", "error"};
    char event[64], expected[64];
    daemon_comes();
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        ask(&a, "submit", "", NULL);
        snprintf(event, sizeof event, "{\"event\":\"%s\",\"id\":%zu}\n", ends[i], i);
        snprintf(expected, sizeof expected, "a %s %s last\n", ends[i], ends[i]);
        daemon_says(0, event);
        ck_told(expected);
    }
}
END_TEST

START_TEST(test_a_detached_submit_ends_with_accepted)
{
    daemon_comes();
    ask(&a, "submit", ",\"detach\":true", NULL);
    daemon_says(0, "{\"event\":\"accepted\",\"id\":0,\"job\":\"q1\"}\n");
    ck_told("a accepted accepted last\n");
    ask(&a, "submit", ",\"key\":\"\\\"detach\\\":true\"", NULL);
    daemon_says(0, "{\"event\":\"accepted\",\"id\":1,\"job\":\"q1\"}\n");
    ck_told("a accepted accepted\n");
    upstream_forget(&a.call, false);
}
END_TEST

START_TEST(test_other_requests_have_one_answer)
{
    daemon_comes();
    ask(&a, "stats", "", NULL);
    ck_written(0, "{\"op\":\"stats\",\"id\":0}\n");
    daemon_says(0, "{\"event\":\"stats\",\"id\":0,\"size\":2}\n{}");
    ck_told("a answer stats last {}\n");
    ask(&a, "status", ",\"job\":\"x\"", NULL);
    daemon_says(0, "{\"event\":\"error\",\"id\":1,\"code\":\"unknown-job\"}\n");
    ck_told("a error error last\n");
}
END_TEST

START_TEST(test_calls_are_shared_out)
{
    daemon_comes();
    ask(&a, "submit", "", NULL);
    ask(&b, "submit", "", NULL);
    ck_written(0, "{\"op\":\"submit\",\"id\":0}\n");
    ck_written(1, "{\"op\":\"submit\",\"id\":1}\n");
    daemon_says(1, "{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    daemon_says(0, "{\"event\":\"done\",\"id\":0,\"size\":0}\n");
    ck_told("b done done last\na done done last\n");
}
END_TEST

START_TEST(test_a_forgotten_submit_is_cancelled)
{
    daemon_comes();
    ask(&a, "submit", "", NULL);
    ck_written(0, "{\"op\":\"submit\",\"id\":0}\n");
    upstream_forget(&a.call, false);
    ck_written(0, "{\"op\":\"cancel\",\"id\":\"said\",\"target\":0}\n");
    upstream_forget(&a.call, false); /* its owner's: nothing happens */
    daemon_says(0, "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":\"said\"}\n"
                   "{\"event\":\"failed\",\"id\":0,\"reason\":\"cancelled\"}\n");
    ask(&a, "submit", "", NULL);
    upstream_forget(&a.call, true);
    ck_written(0, "{\"op\":\"submit\",\"id\":1}\n{\"op\":\"kill\",\"id\":\"said\",\"target\":1}\n");
    ask(&a, "stats", "", NULL);
    upstream_forget(&a.call, false);
    ck_written(0, "{\"op\":\"stats\",\"id\":2}\n");
    daemon_says(0, "{\"event\":\"stats\",\"id\":2,\"size\":2}\n{}");
    ck_told("");
}
END_TEST

START_TEST(test_a_call_waits_for_the_daemon_for_a_second)
{
    ask(&a, "submit", "", "x");
    ask(&b, "submit", "", NULL);
    pass_ms(500);
    upstream_forget(&b.call, false);
    pass_ms(400);
    ck_told("");
    pass_ms(100);
    ck_assert_int_eq(strncmp(told, "a lost: ", 8), 0);
    ck_assert_ptr_null(strstr(told, "b lost"));
    told_len = 0;
    ask(&a, "submit", "", "x");
    ck_told("");
    turn();
    turn();
    ck_assert_int_eq(strncmp(told, "a lost: ", 8), 0);
}
END_TEST

START_TEST(test_a_daemon_that_starts_again)
{
    daemon_comes();
    for (size_t i = 0; i < SHARED; i++)
        daemon_closes(i);
    ask(&a, "submit", "", "x");
    ask(&b, "stats", "", NULL);
    pass_ms(100);
    ck_assert_uint_eq(fd_count, 2 * SHARED);
    daemon_greets(SHARED);
    ck_written(SHARED, "{\"op\":\"submit\",\"id\":2,\"size\":1}\nx{\"op\":\"stats\",\"id\":3}\n");
    daemon_says(SHARED, "{\"event\":\"done\",\"id\":2,\"size\":0}\n"
                        "{\"event\":\"stats\",\"id\":3,\"size\":0}\n");
    ck_told("a done done last\nb answer stats last\n");
}
END_TEST

/* Each time as soon as the first time, though no connection lasts. */
START_TEST(test_a_daemon_that_starts_again_and_again)
{
    daemon_comes();
    for (size_t start = SHARED; start < FDS; start += SHARED) {
        for (size_t i = start - SHARED; i < start; i++)
            daemon_closes(i);
        pass_ms(100);
        ck_assert_uint_eq(fd_count, start + SHARED);
        for (size_t i = start; i < start + SHARED; i++)
            daemon_greets(i);
    }
}
END_TEST

/* A request right after the daemon's return is refused: that may last half a second. */
START_TEST(test_a_daemon_that_was_away_for_long)
{
    for (int i = 0; i < 40; i++)
        pass_ms(500);
    ck_assert_uint_eq(fd_count, 0);
    daemon_listens();
    pass_ms(500);
    ck_assert_uint_eq(fd_count, SHARED);
}
END_TEST

/* The patience for a start begins at the end of the drain. */
START_TEST(test_a_daemon_that_drains_for_long_before_it_starts_again)
{
    daemon_comes();
    for (size_t i = 0; i < SHARED; i++)
        daemon_says(i, "{\"event\":\"draining\"}\n");
    close(listening);
    listening = -1;
    ck_assert_int_eq(unlink(socket_name().sun_path), 0);
    pass_ms(3000);
    daemon_closes(0);
    ask(&a, "submit", "", NULL);
    pass_ms(800);
    ck_told("");
    daemon_listens();
    pass_ms(100);
    daemon_greets(SHARED);
    ck_written(SHARED, "{\"op\":\"submit\",\"id\":1}\n");
    upstream_forget(&a.call, false);
}
END_TEST

START_TEST(test_a_lost_connection)
{
    daemon_comes();
    ask(&a, "submit", "", NULL);
    ask(&b, "submit", "", NULL);
    turns();
    daemon_closes(0);
    ck_told("a lost begun: the master closed the connection\n");
    ck_assert(upstream_view(upstream).is_up);
    daemon_says(1, "{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    ck_told("b done done last\n");
    pass_ms(100);
    ck_assert_uint_eq(fd_count, SHARED + 1);
    daemon_greets(SHARED);
}
END_TEST

START_TEST(test_the_words_of_a_fatal_error)
{
    daemon_comes();
    ask(&a, "submit", "", NULL);
    turns();
    daemon_says(0, "{\"event\":\"error\",\"code\":\"unauthorized\",\"message\":\"a new token\","
                   "\"fatal\":true}\n");
    daemon_closes(0);
    ck_told("a lost begun: a new token\n");
}
END_TEST

START_TEST(test_a_peer_that_is_no_daemon)
{
    daemon_comes();
    ask(&a, "submit", "", NULL);
    turns();
    daemon_says(0, "{\"event\":\"done\",\n");
    ck_told("a lost begun: a header of the daemon is no JSON object\n");
    ck_closed(0);
    daemon_says(1, "{\"done\":1}\n");
    ck_closed(1);
}
END_TEST

START_TEST(test_the_other_daemon)
{
    daemon_listens();
    turns();
    daemon_says(0, "{\"event\":\"hello\",\"server\":\"taskqueued/1\"}\n");
    ck_assert(!upstream_view(upstream).is_up);
    ck_assert_str_eq(upstream_view(upstream).why,
                     "found the server \"taskqueued/1\", expected taskmasterd");
}
END_TEST

START_TEST(test_a_ping_each_second)
{
    daemon_comes();
    pass_ms(1000);
    ck_written(0, "{\"op\":\"ping\",\"id\":\"said\"}\n");
    ck_assert_uint_ge(upstream_view(upstream).silent_ms, 1000);
    daemon_says(0, "{\"event\":\"pong\",\"id\":\"said\"}\n");
    ck_assert_uint_eq(upstream_view(upstream).silent_ms, 0);
}
END_TEST

START_TEST(test_excuses)
{
    ck_excuse("the master does not answer");
    daemon_comes();
    for (size_t i = 0; i < SHARED; i++)
        daemon_says(i, "{\"event\":\"draining\"}\n");
    ck_excuse("the master drains");
    daemon_closes(0);
    ck_excuse("the master closed the connection");
}
END_TEST

START_TEST(test_draining)
{
    daemon_comes();
    daemon_says(2, "{\"event\":\"draining\"}\n");
    ck_assert(upstream_view(upstream).is_draining);
    for (size_t i = 0; i < SHARED; i++)
        daemon_closes(i);
    ck_assert(!upstream_view(upstream).is_up);
    pass_ms(100);
    daemon_greets(SHARED);
    ck_assert(!upstream_view(upstream).is_draining);
}
END_TEST

START_TEST(test_a_daemon_that_drains_is_looked_at_and_gets_no_job)
{
    daemon_comes();
    ask(&b, "submit", "", NULL); /* on the first connection */
    ck_written(0, "{\"op\":\"submit\",\"id\":0}\n");
    for (size_t i = 0; i < SHARED; i++)
        daemon_says(i, "{\"event\":\"draining\"}\n");
    for (size_t i = 1; i < SHARED; i++)
        ck_closed(i);
    ask(&a, "stats", "", NULL);
    ck_written(0, "{\"op\":\"stats\",\"id\":1}\n");
    daemon_says(0, "{\"event\":\"stats\",\"id\":1,\"size\":0}\n");
    ck_told("a answer stats last\n");
    ask(&a, "submit", "", NULL);
    ck_written(0, "");
    daemon_says(0, "{\"event\":\"done\",\"id\":0,\"size\":0}\n");
    ck_told("b done done last\n");
    pass_ms(100);
    ck_assert_uint_eq(fd_count, 2 * SHARED - 1);
    pass_ms(2000); /* somebody holds the socket */
    daemon_greets(SHARED);
    ck_written(SHARED, "{\"op\":\"submit\",\"id\":3}\n");
    upstream_forget(&a.call, false);
}
END_TEST

/* Returns the only connection on which nothing was written. */
static size_t find_reserve(void)
{
    size_t found = SHARED, count = 0;
    char got[8192];
    turns();
    for (size_t i = 0; i < SHARED; i++) {
        if (recv(fds[i], got, sizeof got, 0) > 0)
            continue;
        found = i;
        count++;
    }
    ck_assert_uint_eq(count, 1);
    return found;
}

/* Jobs on each of the four: the reserve has none, and looks. The patience is that for a daemon
 * whose socket is held, and the next daemon gets the call while the jobs of the first go on. */
START_TEST(test_a_daemon_that_drains_with_jobs_on_all_connections)
{
    struct owner jobs[2 * SHARED];
    daemon_comes();
    for (size_t i = 0; i < 2 * SHARED; i++) {
        jobs[i] = (struct owner){{.ops = &owner_ops}, "job"};
        ask(&jobs[i], "submit", "", NULL);
    }
    size_t reserve = find_reserve();
    for (size_t i = 0; i < SHARED; i++)
        daemon_says(i, "{\"event\":\"draining\"}\n");
    ck_closed(reserve);
    ask(&a, "submit", "", NULL);
    pass_ms(100);
    pass_ms(3000); /* somebody holds the socket */
    ck_told("");
    ck_assert_uint_eq(fd_count, SHARED + 1);
    daemon_greets(SHARED);
    ck_written(SHARED, "{\"op\":\"submit\",\"id\":11}\n");
    daemon_says(SHARED, "{\"event\":\"done\",\"id\":11,\"size\":0}\n");
    daemon_says(0, "{\"event\":\"done\",\"id\":0,\"size\":0}\n");
    ck_told("a done done last\njob done done last\n");
    for (size_t i = 1; i < 2 * SHARED; i++)
        upstream_forget(&jobs[i].call, false);
}
END_TEST

/* The others have as many calls as they like. */
START_TEST(test_the_reserve_has_no_calls)
{
    struct owner jobs[2 * SHARED];
    daemon_comes();
    for (size_t i = 0; i < 2 * SHARED; i++) {
        jobs[i] = (struct owner){{.ops = &owner_ops}, "job"};
        ask(&jobs[i], i % 2 ? "stats" : "submit", "", NULL);
    }
    (void)find_reserve();
    for (size_t i = 0; i < 2 * SHARED; i++)
        upstream_forget(&jobs[i].call, false);
}
END_TEST

START_TEST(test_a_large_payload_does_not_wait)
{
    char large[1002];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    ask(&a, "submit", "", large);
    daemon_listens();
    pass_ms(100);
    daemon_greets(0);
    ck_told("a lost: it takes no payload of this size\n");
}
END_TEST

/* An owner that asks again within its last event. */
static void ask_again(struct upstream_call *call, const struct upstream_event *event)
{
    on_event(call, event);
    call->ops = &owner_ops;
    upstream_call(upstream, call, "stats", "", 0, NULL);
}

START_TEST(test_an_owner_asks_again_at_once)
{
    static const struct upstream_call_ops again = {ask_again, on_lost};
    struct owner owner = {{.ops = &again}, "again"};
    daemon_comes();
    ask(&owner, "stats", "", NULL);
    daemon_says(0, "{\"event\":\"stats\",\"id\":0,\"size\":0}\n");
    daemon_says(0, "{\"event\":\"stats\",\"id\":1,\"size\":0}\n");
    ck_told("again answer stats last\nagain answer stats last\n");
}
END_TEST

/* An owner that asks again when it is lost. */
static void lost_again(struct upstream_call *call, const char *why, bool begun)
{
    on_lost(call, why, begun);
    upstream_call(upstream, call, "stats", "", 0, NULL);
}

START_TEST(test_an_owner_asks_again_when_lost)
{
    static const struct upstream_call_ops again = {on_event, lost_again};
    struct owner owner = {{.ops = &again}, "again"};
    pass_ms(1000);
    ask(&owner, "stats", "", NULL);
    turn();
    turn();
    upstream_forget(&owner.call, false);
    ck_assert_uint_lt(told_len, 400); /* once a turn, not without end */
}
END_TEST

START_TEST(test_the_end_of_the_gateway)
{
    daemon_comes();
    ask(&a, "wait", ",\"job\":\"q1\"", NULL);
    ask(&b, "submit", "", NULL);
    upstream_drain(upstream);
    ck_told("a lost begun: the gateway is shutting down\n");
    daemon_says(0, "{\"event\":\"done\",\"id\":0,\"size\":0}\n");
    daemon_says(1, "{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    ck_told("b done done last\n");
    ask(&a, "wait", ",\"job\":\"q1\"", NULL);
    pass_ms(1000);
    ck_told("a lost begun: the gateway is shutting down\n");
}
END_TEST

START_TEST(test_freed_with_calls)
{
    daemon_comes();
    ask(&a, "submit", "", "payload");
    for (size_t i = 0; i < SHARED; i++)
        daemon_says(i, "{\"event\":\"draining\"}\n");
    ask(&b, "submit", "", "payload");
    turns();
    upstream_free(upstream);
    upstream = NULL;
    ck_told("a lost begun: the gateway has ended\nb lost: the gateway has ended\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway_upstream");
    TCase *tc = tcase_create("upstream");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_the_view_of_a_daemon);
    tcase_add_test(tc, test_a_submit_there_and_back);
    tcase_add_test(tc, test_the_ends_of_a_submit);
    tcase_add_test(tc, test_a_detached_submit_ends_with_accepted);
    tcase_add_test(tc, test_other_requests_have_one_answer);
    tcase_add_test(tc, test_calls_are_shared_out);
    tcase_add_test(tc, test_a_forgotten_submit_is_cancelled);
    tcase_add_test(tc, test_a_call_waits_for_the_daemon_for_a_second);
    tcase_add_test(tc, test_a_daemon_that_starts_again);
    tcase_add_test(tc, test_a_daemon_that_starts_again_and_again);
    tcase_add_test(tc, test_a_daemon_that_was_away_for_long);
    tcase_add_test(tc, test_a_daemon_that_drains_for_long_before_it_starts_again);
    tcase_add_test(tc, test_a_lost_connection);
    tcase_add_test(tc, test_the_words_of_a_fatal_error);
    tcase_add_test(tc, test_a_peer_that_is_no_daemon);
    tcase_add_test(tc, test_the_other_daemon);
    tcase_add_test(tc, test_a_ping_each_second);
    tcase_add_test(tc, test_excuses);
    tcase_add_test(tc, test_draining);
    tcase_add_test(tc, test_a_daemon_that_drains_is_looked_at_and_gets_no_job);
    tcase_add_test(tc, test_a_daemon_that_drains_with_jobs_on_all_connections);
    tcase_add_test(tc, test_the_reserve_has_no_calls);
    tcase_add_test(tc, test_a_large_payload_does_not_wait);
    tcase_add_test(tc, test_an_owner_asks_again_at_once);
    tcase_add_test(tc, test_an_owner_asks_again_when_lost);
    tcase_add_test(tc, test_the_end_of_the_gateway);
    tcase_add_test(tc, test_freed_with_calls);
    return run_suite(suite);
}
