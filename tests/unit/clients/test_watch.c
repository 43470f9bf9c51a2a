/* test_watch: who is told of what, how often, and the count of what is left out. */
#include "tests/unit/clients/clients_world.h"

#define WATCH_POOL_EVENTS "{\"op\":\"watch\",\"what\":[\"pools\"]}\n"
#define WATCH_ALL         "{\"op\":\"watch\",\"what\":[\"jobs\",\"workers\",\"pools\",\"clients\"]}\n"
#define UNWATCH           "{\"op\":\"unwatch\"}\n"
#define EVENT             "{\"event\":\"watch\""

static int look_on(const char *watch)
{
    char text[256];
    snprintf(text, sizeof text, HELLO_PLAIN "%s", watch);
    int fd = come(text);
    turns();
    assert_heard(fd, "\"event\":\"ok\"");
    return fd;
}

static void happen(const char *pool)
{
    if (news_is_wanted(&pools.shared.news, NEWS_POOLS))
        news_tell_pool(&pools.shared.news, pool, POOL_IS_PAUSED);
}

/* Returns the number of events, and adds up the numbers of those dropped. */
static unsigned count_heard(int fd, uint64_t *dropped)
{
    bool is_closed;
    unsigned count = 0;
    const char *at, *text, field[] = "\"dropped\":";
    do {
        turns();
        text = heard(fd, &is_closed);
        for (at = text; (at = strchr(at, '\n')); at++)
            count++; /* each is a line */
        for (at = text; (at = strstr(at, field)); at++)
            *dropped += strtoull(at + strlen(field), NULL, 10);
    } while (*text);
    return count;
}

START_TEST(test_the_wanted_alone)
{
    open_world(10, NULL);
    ck_assert_uint_eq(pools.shared.news.wanted, 0);
    int pool = look_on(WATCH_POOL_EVENTS);
    ck_assert_uint_eq(pools.shared.news.wanted, NEWS_POOLS);
    int all = look_on(WATCH_ALL);
    int one = look_on("{\"op\":\"watch\",\"what\":[\"pools\"],\"pool\":\"b\"}\n");
    int none = look_on("{\"op\":\"watch\",\"what\":[\"pools\"],\"module\":\"b\"}\n");
    assert_heard(all, "\"what\":\"client\"");
    happen("a");
    turns();
    assert_heard(pool, "\"what\":\"pool\",\"at_ms\":");
    assert_heard(all, "\"state\":\"paused\",\"pool\":\"a\"}");
    assert_quiet(one);
    happen("b");
    turns();
    assert_heard(one, "\"pool\":\"b\"}");
    assert_quiet(none);
    close_world();
}
END_TEST

START_TEST(test_nobody_costs_nothing)
{
    open_world(10, NULL);
    int first = look_on(WATCH_ALL), second = look_on(WATCH_POOL_EVENTS);
    say(first, UNWATCH);
    turns();
    assert_heard(first, "\"was\":true");
    ck_assert_uint_eq(pools.shared.news.wanted, NEWS_POOLS);
    ck_assert_uint_eq(clients.peers.watches.wanted, WATCH_POOLS);
    shutdown(second, SHUT_WR); /* the end of the input is the end of the watch */
    turns();
    ck_assert_uint_eq(pools.shared.news.wanted, 0);
    happen("a");
    turns();
    assert_quiet(first);
    say(first, UNWATCH);
    turns();
    assert_heard(first, "\"was\":false");
    close_world();
}
END_TEST

/* Over all watches together; the count of each is its own. */
START_TEST(test_a_second_is_full)
{
    uint64_t dropped[2] = {0};
    unsigned told[2] = {0};
    open_world(10, NULL);
    int fds[2] = {look_on(WATCH_POOL_EVENTS), look_on(WATCH_POOL_EVENTS)};
    for (int i = 0; i < 100; i++) {
        for (int j = 0; j < 100; j++)
            happen("a");
        for (int k = 0; k < 2; k++)
            told[k] += count_heard(fds[k], &dropped[k]);
    }
    ck_assert_uint_eq(told[0] + told[1], WATCH_RATE);
    ck_assert_uint_eq(dropped[0] + dropped[1], 0);
    pass_ms(1000);
    happen("a");
    for (int k = 0; k < 2; k++) {
        ck_assert_uint_eq(count_heard(fds[k], &dropped[k]), 1);
        ck_assert_uint_eq(told[k] + dropped[k], 10000);
    }
    happen("a");
    for (int k = 0; k < 2; k++)
        ck_assert_uint_eq(count_heard(fds[k], &dropped[k]), 1);
    ck_assert_uint_eq(dropped[0] + dropped[1] + WATCH_RATE, 20000);
    close_world();
}
END_TEST

START_TEST(test_a_slow_reader)
{
    uint64_t dropped = 0;
    unsigned count = 0, told;
    open_world(10, NULL);
    int slow = look_on(WATCH_POOL_EVENTS);
    for (; count < 100000 && peers_output(&clients.peers) <= WATCH_OUTPUT_MAX; count++) {
        happen("a");
        if (count % 1000 == 999)
            pass_ms(1000);
    }
    ck_assert_uint_lt(count, 100000);
    size_t waits = peers_output(&clients.peers);
    for (int i = 0; i < 1000; i++, count++)
        happen("a");
    ck_assert_uint_eq(peers_output(&clients.peers), waits);
    told = count_heard(slow, &dropped);
    pass_ms(1000);
    happen("a");
    count++;
    told += count_heard(slow, &dropped);
    ck_assert_uint_eq(dropped, 1000);
    ck_assert_uint_eq(told + dropped, count);
    close_world();
}
END_TEST

/* Each event costs a look for each watch. */
START_TEST(test_too_many)
{
    open_world(WATCHES_MAX + 1, NULL);
    int last = -1;
    for (int i = 0; i < WATCHES_MAX; i++)
        last = look_on(WATCH_POOL_EVENTS);
    int fd = come(HELLO_PLAIN WATCH_POOL_EVENTS);
    turns();
    assert_heard(fd, "\"code\":\"too-many\"");
    say(last, WATCH_ALL); /* in the place of its first */
    turns();
    assert_heard(last, "\"was\":true");
    say(last, UNWATCH);
    turns();
    say(fd, WATCH_POOL_EVENTS);
    turns();
    assert_heard(fd, "\"was\":false");
    close_world();
}
END_TEST

START_TEST(test_the_right_is_taken_away)
{
    open_world(10, TOKENS("other"));
    add_token("ops", "secret", RIGHT_OBSERVE);
    int fd = come(HELLO("secret") WATCH_POOL_EVENTS);
    turns();
    assert_heard(fd, "\"op\":\"watch\"");
    happen("a");
    turns();
    assert_heard(fd, EVENT);
    reload(10, TOKENS("other"));
    add_token("ops", "secret", RIGHT_SUBMIT);
    happen("a");
    turns();
    assert_quiet(fd);
    close_world();
}
END_TEST

START_TEST(test_ends_of_clients)
{
    static const struct {
        const char *says, *reason;
    } ends[] = {
        {"", "\"reason\":\"closed\""},
        {"{\"op\":\"bye\"}\n", "\"reason\":\"bye\""},
        {"garbage\n", "\"reason\":\"error\""},
    };
    bool is_closed;
    open_world(10, NULL);
    int fd = look_on("{\"op\":\"watch\",\"what\":[\"clients\"]}\n");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int other = come(HELLO_PLAIN);
        turns();
        assert_heard(fd, "\"state\":\"greeted\",\"client\":");
        say(other, ends[i].says);
        turns();
        heard(other, &is_closed); /* with unread output a close is a reset */
        close(other);
        turns();
        assert_heard(fd, ends[i].reason);
    }
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watch");
    TCase *tc = tcase_create("watch");
    tcase_add_test(tc, test_the_wanted_alone);
    tcase_add_test(tc, test_nobody_costs_nothing);
    tcase_add_test(tc, test_a_second_is_full);
    tcase_add_test(tc, test_a_slow_reader);
    tcase_add_test(tc, test_too_many);
    tcase_add_test(tc, test_the_right_is_taken_away);
    tcase_add_test(tc, test_ends_of_clients);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
