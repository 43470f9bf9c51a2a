/* test_redis_subscription: the second connection: its channels, their messages, its ends. */
#include "tests/unit/queue/redis/redis_world.h"

static struct redis_subscription *subscription;
static int calls_peer;

static void on_heard(void *arg, const char *channel, const char *message, size_t len)
{
    (void)arg;
    ck_assert_uint_eq(strlen(message), len);
    tell("%s: %s\n", channel, message);
}

static void on_listening(void *arg)
{
    (void)arg;
    tell("listening\n");
}

static const struct redis_subscription_ops ops = {.heard = on_heard, .listening = on_listening};

static void set(const char *a, const char *b)
{
    redis_subscription_set(subscription, (const char *const[]){a, b}, b ? 2 : 1);
}

/* A confirmation of Redis. */
static void server_confirms(const char *kind, const char *channel)
{
    char *text = xasprintf("*3\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n:1\r\n", strlen(kind), kind,
                           strlen(channel), channel);
    server_says(text);
    free(text);
}

static void server_publishes(const char *channel, const char *message)
{
    char *text = xasprintf("*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(channel),
                           channel, strlen(message), message);
    server_says(text);
    free(text);
}

/* The calls are up, and two channels are asked for. */
static void open_listening(void)
{
    server_listens(0);
    open_calls(1);
    subscription = redis_subscription_new(calls, &ops, NULL);
    set("work", "node:1");
    server_greets(0);
    calls_peer = peer;
    ck_assert(server_accepts(0));
    ck_heard("PING\n");
    server_says("+PONG\r\n");
    ck_heard("SUBSCRIBE q:work\nSUBSCRIBE q:node:1\n");
    server_confirms("subscribe", "q:work");
    ck_told("up\n");
    server_confirms("subscribe", "q:node:1");
    ck_told("listening\n");
}

static void close_listening(void)
{
    redis_subscription_free(subscription);
    close(calls_peer);
}

START_TEST(test_messages_are_heard)
{
    open_listening();
    server_publishes("q:work", "echo");
    server_publishes("q:node:1", "");
    server_publishes("q:other", "no");
    server_publishes("work", "no");
    server_says("*1\r\n$7\r\nmessage\r\n*0\r\n:1\r\n");
    ck_told("work: echo\nnode:1: \n");
    close_listening();
}
END_TEST

START_TEST(test_channels_change)
{
    open_listening();
    set("work", "node:2");
    ck_heard("SUBSCRIBE q:node:2\nUNSUBSCRIBE q:node:1\n");
    server_publishes("q:node:1", "old");
    server_publishes("q:node:2", "new");
    ck_told("node:2: new\n");
    server_confirms("subscribe", "q:node:2");
    server_confirms("unsubscribe", "q:node:1");
    ck_told("listening\n");
    set("work", "node:2");
    ck_heard("");
    close_listening();
}
END_TEST

START_TEST(test_a_silent_server_is_asked_whether_it_lives)
{
    open_listening();
    pass_ms(1000);
    ck_heard("PING\n");
    server_says("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    pass_ms(999);
    ck_heard("");
    pass_ms(1);
    ck_heard("PING\n");
    pass_ms(1000);
    ck_closed();
    ck_told("");
    close_listening();
}
END_TEST

START_TEST(test_a_server_with_a_full_disk_lives)
{
    open_listening();
    pass_ms(1000);
    ck_heard("PING\n");
    server_says("-MISCONF Errors writing to the AOF file: No space left on device\r\n");
    server_publishes("q:work", "echo");
    ck_told("work: echo\n");
    pass_ms(1000);
    ck_heard("PING\n");
    close_listening();
}
END_TEST

START_TEST(test_a_lost_connection_is_made_again)
{
    open_listening();
    server_ends();
    ck_told("");
    pass_ms(100);
    ck_assert(server_accepts(0));
    ck_heard("PING\n");
    server_says("+PONG\r\n");
    ck_heard("SUBSCRIBE q:work\nSUBSCRIBE q:node:1\n");
    server_confirms("subscribe", "q:work");
    server_confirms("subscribe", "q:node:1");
    ck_told("listening\n");
    close_listening();
}
END_TEST

START_TEST(test_the_end_of_the_calls_ends_the_listening)
{
    open_listening();
    int listener = peer;
    peer = calls_peer;
    server_ends();
    ck_told("down: Redis closed the connection\n");
    peer = listener;
    ck_closed();
    pass_ms(100);
    server_greets(0);
    calls_peer = peer;
    ck_assert(server_accepts(0));
    ck_heard("PING\n");
    ck_told("up\n");
    close_listening();
}
END_TEST

START_TEST(test_no_right_to_listen_is_told_once)
{
    static const char hint[] =
        "info redis-connected address=0 version=7.0.15\nerror redis-refused address=0 "
        "found=\"NOPERM no access to the channel\" expected=\"that we may SUBSCRIBE\" "
        "hint=\"doc/cluster.md has the line for Redis's ACL\"\n";
    server_listens(0);
    open_calls(1);
    subscription = redis_subscription_new(calls, &ops, NULL);
    set("work", NULL);
    server_greets(0);
    calls_peer = peer;
    for (unsigned i = 0; i < 3; i++) {
        pass_ms(100 * i);
        ck_assert(server_accepts(0));
        server_says("+PONG\r\n");
        server_says("-NOPERM no access to the channel\r\n");
        ck_closed();
        ck_logged(i ? "" : hint);
    }
    ck_told("up\n");
    close_listening();
}
END_TEST

START_TEST(test_channels_come_late)
{
    server_listens(0);
    open_calls(1);
    server_greets(0);
    calls_peer = peer;
    subscription = redis_subscription_new(calls, &ops, NULL);
    ck_assert(!server_accepts(0));
    set("work", NULL);
    ck_assert(server_accepts(0));
    set("paused", NULL);
    server_says("+PONG\r\n");
    ck_heard("PING\nSUBSCRIBE q:paused\n");
    ck_told("up\n");
    close_listening();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redis_subscription");
    TCase *tc = tcase_create("subscription");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_messages_are_heard);
    tcase_add_test(tc, test_channels_change);
    tcase_add_test(tc, test_a_silent_server_is_asked_whether_it_lives);
    tcase_add_test(tc, test_a_server_with_a_full_disk_lives);
    tcase_add_test(tc, test_a_lost_connection_is_made_again);
    tcase_add_test(tc, test_the_end_of_the_calls_ends_the_listening);
    tcase_add_test(tc, test_no_right_to_listen_is_told_once);
    tcase_add_test(tc, test_channels_come_late);
    return run_suite(suite);
}
