/*
 * test_admit: from a connection to a client: strangers, their number, wrong and revoked
 * tokens. The clock is the test's: it starts an hour ahead of the real one, to which the
 * connection's events would turn it.
 */
#include "clients/clients.h"

#include "base/clock.h"
#include "jobs/dispatcher.h"
#include "jobs/module_table.h"
#include "settings.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 300, HOUR_S = 3600 };

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop loop;
static struct dispatcher d;
static struct module_table modules;
static struct clients clients;
static struct config *config;
static const struct dispatcher_ops no_ops;
static char token_path[] = "/tmp/test_admit.XXXXXX";
static uint64_t now_us;

/* --- the world --- */

static struct config *load(const char *client_max, const char *tokens)
{
    static char max[64], file[128];
    char *overrides[] = {max, "worker-path=/w", "module-dir=/m", "linger-ms=60000", file};
    struct config_args args = {.program = "taskmasterd", .overrides = overrides};
    char error[512];
    snprintf(max, sizeof max, "client-max=%s", client_max);
    snprintf(file, sizeof file, "token-file=%s", token_path);
    args.override_count = SUPPORT_COUNT(overrides) - !tokens;
    if (tokens) {
        FILE *stream = fopen(token_path, "w");
        ck_assert(stream && fputs(tokens, stream) >= 0 && fclose(stream) == 0);
    }
    struct config *loaded = config_load(&settings_schema, &args, error, sizeof error);
    ck_assert_msg(loaded != NULL, "%s", error);
    return loaded;
}

static void turn(void)
{
    now_us++;
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_turn(&timers, now_us);
    timers_run(&timers);
    conn_loop_chores(&loop);
}

/* More than there may be to be done in one of them. */
static void turns(void)
{
    for (int i = 0; i < 20; i++)
        turn();
}

static void pass_ms(uint64_t ms)
{
    now_us += ms * 1000;
    turns();
}

static void open_world(const char *client_max, const char *tokens)
{
    struct dispatcher_limits limits = {.pool_max = 1, .start_timeout_ms = 1000};
    quiet_log();
    int fd = mkstemp(token_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    config = load(client_max, tokens);
    now_us = clock_us() + HOUR_S * 1000000ull;
    base = event_base_new();
    timers_init(&timers, now_us);
    conn_loop_init(&loop, base, &timers, &budget, &output);
    loop.turn_us = loop.slice_us = loop.short_us = UINT64_MAX / 8;
    module_table_init(&modules, &settings_of(config)->modules);
    dispatcher_init(&d, &no_ops, NULL, &timers, &limits, 1);
    clients =
        (struct clients){.dispatcher = &d, .modules = &modules, .loop = &loop, .boot = "boot"};
    clients_init(&clients);
    clients_configure(&clients, &settings_of(config)->clients, &settings_of(config)->access);
}

static void close_world(void)
{
    clients_close(&clients);
    turns();
    clients_free(&clients);
    dispatcher_free(&d);
    module_table_free(&modules);
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    timers_free(&timers);
    event_base_free(base);
    config_free(config);
    unlink(token_path);
}

static void reload(const char *client_max, const char *tokens)
{
    struct config *before = config;
    config = load(client_max, tokens);
    clients_configure(&clients, &settings_of(config)->clients, &settings_of(config)->access);
    config_free(before);
}

/* --- a peer --- */

static const char hello[] = "{\"op\":\"hello\",\"protocol\":1}\n";
#define HELLO(token) "{\"op\":\"hello\",\"protocol\":1,\"token\":\"" token "\"}\n"

static void say(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Connects, having said that. */
static int come(const char *text)
{
    const struct sockaddr addr = {.sa_family = AF_UNIX};
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    say(pair[0], text);
    clients_accept(&clients, pair[1], &addr, sizeof addr);
    return pair[0];
}

/* What it is told, and whether that is all. */
static const char *heard(int fd, bool *is_closed)
{
    static char text[8192];
    size_t len = 0;
    ssize_t n;
    while ((n = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    *is_closed = n == 0 || errno != EAGAIN;
    return text;
}

static void assert_quiet(int fd)
{
    bool is_closed;
    const char *text = heard(fd, &is_closed);
    ck_assert_msg(!*text && !is_closed, "closed: %d, heard %s", is_closed, text);
}

static void assert_welcome(int fd)
{
    bool is_closed;
    const char *text = heard(fd, &is_closed);
    ck_assert_msg(strstr(text, "\"event\":\"hello\"") && !is_closed, "%s", text);
}

/* The last words, then the end. */
static void assert_told(int fd, const char *code)
{
    bool is_closed;
    const char *text = heard(fd, &is_closed);
    ck_assert_msg(strstr(text, code) && strstr(text, "\"fatal\":true") && is_closed, "%s", text);
}

/* --- strangers --- */

/* However many connections there are that have said nothing, they count as no clients, and each
 * client finds its place. */
START_TEST(test_strangers_take_no_place_of_a_client)
{
    int client[5];
    open_world("5", NULL);
    for (int i = 0; i < MANY; i++)
        come("");
    for (int i = 0; i < 5; i++)
        client[i] = come(hello);
    int sixth = come(hello);
    turns();
    for (int i = 0; i < 5; i++)
        assert_welcome(client[i]);
    assert_told(sixth, "too-many-clients");
    ck_assert_uint_eq(clients.connected, 5);
    close(client[0]);
    turns();
    ck_assert_uint_eq(clients.connected, 4);
    int again = come(hello);
    turns();
    assert_welcome(again);
    close_world();
}
END_TEST

/* With no place that clients leave, 100 may be there: one more ends the one that was silent
 * longest, and tells it why. */
START_TEST(test_one_more_ends_the_one_that_was_silent_longest)
{
    int fd[MANY];
    open_world("1", NULL);
    come(hello); /* has the only place of a client */
    int half = come("{\"op\":");
    for (int i = 0; i < MANY; i++)
        fd[i] = come("");
    turns();
    ck_assert_uint_eq(clients.admit.unauthenticated.count, 100);
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

/* A program may open its connections first and say hello on each then: no other one is in need of
 * their places, so they have a second for it. */
START_TEST(test_a_burst_has_a_second)
{
    int fd[MANY];
    open_world("200", NULL); /* with the 100 of strangers just enough */
    for (int i = 0; i < MANY; i++)
        fd[i] = come("");
    pass_ms(900);
    for (int i = 0; i < MANY; i += 2)
        say(fd[i], hello);
    turns();
    ck_assert_uint_eq(clients.connected, MANY / 2);
    ck_assert_uint_eq(clients.admit.unauthenticated.count, MANY / 2);
    pass_ms(1500);
    ck_assert_uint_eq(clients.admit.unauthenticated.count, 100);
    for (int i = 0; i < MANY; i += 2)
        assert_welcome(fd[i]);
    assert_told(fd[1], "too-slow");
    assert_told(fd[99], "too-slow");
    assert_quiet(fd[101]);
    assert_quiet(fd[MANY - 1]);
    come("");
    turns();
    ck_assert_uint_eq(clients.admit.unauthenticated.count,
                      100); /* the next goes at once: it had its second */
    assert_told(fd[101], "too-slow");
    close_world();
}
END_TEST

/* What is not read yet is no silence. */
START_TEST(test_who_has_spoken_is_not_ended_for_silence)
{
    int fd[150];
    open_world("1000", NULL);
    for (int i = 0; i < 150; i++)
        fd[i] = come("");
    for (int i = 0; i < 150; i++)
        say(fd[i], hello);
    now_us += 3000000;
    timers_turn(&timers, now_us);
    timers_run(&timers); /* before anything is read */
    ck_assert_uint_eq(clients.admit.unauthenticated.count, 150);
    turns();
    ck_assert_uint_eq(clients.connected, 150);
    for (int i = 0; i < 150; i++)
        assert_welcome(fd[i]);
    close_world();
}
END_TEST

/* Who was told that it is not wanted lingers as long as there is room. */
START_TEST(test_who_was_told_goes_first)
{
    bool is_closed;
    int told[40], silent[80];
    open_world("1", NULL);
    come(hello);
    for (int i = 0; i < 80; i++)
        silent[i] = come("");
    for (int i = 0; i < 40; i++)
        told[i] = come("nonsense\n");
    turns();
    ck_assert_uint_le(clients.admit.unauthenticated.count, 100);
    for (int i = 0; i < 40; i++)
        assert_told(told[i], "bad-json");
    for (int i = 0; i < 20; i++)
        come("");
    for (int i = 0; i < 20; i++)
        say(silent[79 - i], "{");
    turns();
    heard(silent[79], &is_closed);
    ck_assert(!is_closed);
    ck_assert_uint_eq(clients.admit.unauthenticated.count, 100);
    ck_assert_uint_le(clients.open, 101);
    close_world();
}
END_TEST

/* Those that are not wanted do not cost the place of one that has come and not spoken yet. */
static const char *const unwanted[] = {HELLO("a-wrong-one"), "nonsense\n"};

START_TEST(test_who_has_just_come_stays_beside_the_unwanted)
{
    open_world("1", "the-first-token-of-all\n");
    for (int i = 0; i < 150; i++)
        come(unwanted[_i]);
    int slow = come("");
    for (int i = 0; i < 50; i++)
        come(unwanted[_i]);
    turns();
    ck_assert_uint_le(clients.admit.unauthenticated.count, 101);
    say(slow, HELLO("the-first-token-of-all"));
    turns();
    assert_welcome(slow);
    close_world();
}
END_TEST

/* Whose first second is over goes first, though it has begun to speak. */
START_TEST(test_who_is_slow_to_speak_goes_before_who_has_just_come)
{
    open_world("1", NULL);
    for (int i = 0; i < 100; i++)
        come("{");
    come(hello);
    pass_ms(1500);
    int slow = come("");
    turns();
    ck_assert_uint_eq(clients.admit.unauthenticated.count, 100);
    assert_quiet(slow);
    close_world();
}
END_TEST

/* --- wrong tokens --- */

#define PING "{\"op\":\"ping\"}\n"

START_TEST(test_a_wrong_token_is_told_in_a_while)
{
    open_world("10", "the-first-token-of-all\nthe-second-token-of-all\n");
    int wrong = come(HELLO("the-first-token-of-al") PING);
    int none = come("{\"op\":\"hello\",\"protocol\":1}\n");
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
    ck_assert_uint_eq(clients.connected, 2);
    close_world();
}
END_TEST

/* However many try, there is a distance between two answers; the right token does not wait. */
START_TEST(test_many_wrong_tokens_are_told_one_by_one)
{
    int fd[150], told = 0;
    open_world("200", "the-first-token-of-all\n");
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

/* Places in that order are kept for nobody: a wrong token waits behind those that are there. */
START_TEST(test_a_wrong_token_does_not_wait_for_those_that_have_gone)
{
    open_world("1", "the-first-token-of-all\n");
    for (int i = 0; i < 3000; i++)
        close(come(HELLO("a-wrong-one")));
    turns();
    ck_assert_uint_le(clients.admit.unauthenticated.count, 101);
    int wrong = come(HELLO("a-wrong-one"));
    pass_ms(99);
    assert_quiet(wrong);
    pass_ms(110);
    assert_told(wrong, "unauthorized");
    close_world();
}
END_TEST

/* --- revoked tokens --- */

START_TEST(test_who_named_a_revoked_token_is_ended)
{
    int old[MANY], kept[MANY];
    open_world("10000", "the-first-token-of-all\nthe-second-token-of-all\n");
    for (int i = 0; i < MANY; i++) {
        old[i] = come(HELLO("the-first-token-of-all"));
        kept[i] = come(HELLO("the-second-token-of-all"));
    }
    turns();
    reload("10000", "the-second-token-of-all\nthe-third-token-of-all\n");
    close(old[0]); /* while the others are looked at */
    turns();
    for (int i = 1; i < MANY; i++)
        assert_told(old[i], "is not one of this server's any more");
    for (int i = 1; i < MANY; i++)
        close(old[i]);
    for (int i = 0; i < MANY; i++)
        assert_welcome(kept[i]);
    reload("10000", NULL);
    turns();
    for (int i = 0; i < MANY; i++)
        assert_quiet(kept[i]);
    ck_assert_uint_eq(clients.connected, MANY);
    close_world();
}
END_TEST

/* A token may be handed out before it is asked for. */
START_TEST(test_tokens_are_asked_for_from_now_on)
{
    open_world("10", NULL);
    int none = come(hello);
    int wrong = come(HELLO("another-token-of-ours"));
    int right = come(HELLO("the-first-token-of-all"));
    turns();
    reload("10", "the-first-token-of-all\n");
    turns();
    assert_told(none, "unauthorized");
    assert_told(wrong, "unauthorized");
    assert_welcome(right);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("admit");
    TCase *tc = tcase_create("strangers");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_strangers_take_no_place_of_a_client);
    tcase_add_test(tc, test_one_more_ends_the_one_that_was_silent_longest);
    tcase_add_test(tc, test_a_burst_has_a_second);
    tcase_add_test(tc, test_who_has_spoken_is_not_ended_for_silence);
    tcase_add_test(tc, test_who_was_told_goes_first);
    tcase_add_loop_test(tc, test_who_has_just_come_stays_beside_the_unwanted, 0,
                        SUPPORT_COUNT(unwanted));
    tcase_add_test(tc, test_who_is_slow_to_speak_goes_before_who_has_just_come);
    suite_add_tcase(suite, tc);
    tc = tcase_create("tokens");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_a_wrong_token_is_told_in_a_while);
    tcase_add_test(tc, test_many_wrong_tokens_are_told_one_by_one);
    tcase_add_test(tc, test_a_wrong_token_does_not_wait_for_those_that_have_gone);
    tcase_add_test(tc, test_who_named_a_revoked_token_is_ended);
    tcase_add_test(tc, test_tokens_are_asked_for_from_now_on);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
