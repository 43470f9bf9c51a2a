/* test_redis_answer: what a real Redis answers, and does to calls: full, busy, a replica, frozen,
 * without its scripts. The other tests speak for it. */
#include "tests/unit/queue/redis/own_redis.h"
#include "tests/unit/queue/redis/redis_world.h"

enum { PATIENCE_MS = 20000, TURN_US = 200 };

static const struct redis_script real[] = {
    {.name = "echo",
     .sha1 = "baa208429653f8f78c9b583255c57e4a4719786d",
     .text = "#!lua\nreturn {0, ARGV[3]}"},
    {.name = "put",
     .sha1 = "197cf9268fe2586bcde48ad93b5c8d4a3594f814",
     .text = "#!lua\nredis.call('SET', KEYS[1] .. ARGV[3], ARGV[2])\nreturn {0, ARGV[3]}"},
    {.name = "end",
     .sha1 = "25fa367e09accc0d661f88886688eb8cb34fa7ed",
     .text = "#!lua flags=allow-oom\nredis.call('SET', KEYS[1] .. ARGV[3], ARGV[2])\n"
             "return {0, ARGV[3]}"},
    {.name = "fault",
     .sha1 = "8330d31a431ede18fae7d0a8fc97f4fbfb82ef70",
     .text = "#!lua\nreturn redis.call('LPUSH', KEYS[1] .. ARGV[3], 1)"},
};

enum { ECHO, PUT, END, FAULT };

static struct own_redis server;

/* --- the operator --- */

/* One command to the server; its answer's first line has to begin with `expected`. */
static void operate(const char *command, const char *expected)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char got[256];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", server.address + strlen("unix:"));
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_gt(dprintf(fd, "%s\r\n", command), 0);
    ssize_t n = recv(fd, got, sizeof got - 1, 0);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    ck_assert_msg(strncmp(got, expected, strlen(expected)) == 0, "%s: %s", command, got);
    close(fd);
}

/* --- time --- */

static void real_turn(void)
{
    usleep(TURN_US);
    now_us += TURN_US;
    turn();
}

/* Until `text` has been told; all up to it is forgotten. */
static void wait_told(const char *text)
{
    uint64_t until = clock_us() + PATIENCE_MS * 1000ull;
    char *found;
    while (told[told_len] = '\0', !(found = strstr(told, text))) {
        ck_assert_msg(clock_us() < until, "'%s' was not told in time, but '%s'", text, told);
        real_turn();
    }
    found += strlen(text);
    told_len -= (size_t)(found - told);
    memmove(told, found, told_len);
}

/* --- calls --- */

static void call(size_t script, const struct redis_call_kind *kind, const char *name)
{
    struct redis_call *new = redis_call_new(calls, &real[script], 7);
    redis_call_text(new, name);
    redis_call_post(new, kind, (void *)name);
}

static void on_nothing(void *arg)
{
    (void)arg;
    tell("up\n");
}

static void open_real(void)
{
    static char *items[1];
    char error[128];
    items[0] = server.address;
    settings.servers = (struct option_list){items, 1};
    calls = redis_calls_new(&(struct redis_calls_parts){.loop = &loop,
                                                        .random = no_random,
                                                        .settings = &settings,
                                                        .scripts = real,
                                                        .script_count = SUPPORT_COUNT(real),
                                                        .up = on_nothing,
                                                        .down = on_down},
                            error, sizeof error);
    ck_assert_msg(calls != NULL, "%s", error);
    redis_calls_start(calls);
}

static void set_up_real(void)
{
    setup();
    own_redis_start(&server);
    settings.is_unsafe = true;
    settings.timeout_ms = 300;
    open_real();
    wait_told("up\n");
}

static void tear_down_real(void)
{
    own_redis_end(&server);
    teardown();
}

START_TEST(test_calls)
{
    call(ECHO, &patient, "a");
    call(PUT, &putting, "b");
    call(FAULT, &patient, "c");
    call(PUT, &putting, "b");
    call(FAULT, &patient, "b");
    wait_told("a answered 0 a\n");
    wait_told("b failed 'WRONGTYPE");
}
END_TEST

/* All are answered, and in order, though the connection is cut again and again. */
START_TEST(test_cut_connections)
{
    static char names[3000][8], line[32];
    for (size_t i = 0; i < SUPPORT_COUNT(names); i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        call(END, &patient, names[i]);
        if (i % 1000 == 500) {
            real_turn();
            operate("CLIENT KILL TYPE normal SKIPME yes", ":1");
            wait_told("up\n");
        }
        if (i % 7 == 0)
            real_turn();
    }
    snprintf(line, sizeof line, "%s answered 0", names[SUPPORT_COUNT(names) - 1]);
    wait_told(line);
    ck_assert_uint_eq(redis_calls_view(calls).unanswered, 0);
    ck_assert_uint_eq(redis_calls_view(calls).reconnects, 3);
    operate("DBSIZE", ":3000");
}
END_TEST

START_TEST(test_full_memory)
{
    operate("CONFIG SET maxmemory 1", "+OK");
    call(PUT, &putting, "a");
    call(END, &patient, "b");
    call(PUT, &patient, "c");
    wait_told("b answered 0 b\n");
    operate("CONFIG SET maxmemory 0", "+OK");
    wait_told("c answered 0 c\n");
    operate("DBSIZE", ":2");
}
END_TEST

START_TEST(test_full_is_told_of_a_put)
{
    operate("CONFIG SET maxmemory 1", "+OK");
    call(PUT, &putting, "a");
    wait_told("a full 'OOM ");
}
END_TEST

START_TEST(test_flushed_scripts)
{
    operate("SCRIPT FLUSH", "+OK");
    call(ECHO, &patient, "a");
    call(PUT, &patient, "b");
    wait_told("b answered 0 b\n");
}
END_TEST

START_TEST(test_a_replica_is_left_until_it_is_promoted)
{
    operate("REPLICAOF 127.0.0.1 1", "+OK");
    call(PUT, &patient, "a");
    wait_told("down: READONLY ");
    operate("REPLICAOF NO ONE", "+OK");
    wait_told("a answered 0 a\n");
}
END_TEST

START_TEST(test_too_few_replicas)
{
    operate("CONFIG SET min-replicas-to-write 1", "+OK");
    call(PUT, &patient, "a");
    turns();
    operate("CONFIG SET min-replicas-to-write 0", "+OK");
    wait_told("a answered 0 a\n");
}
END_TEST

START_TEST(test_replicas_that_never_come)
{
    settings.replicas = 1;
    call(PUT, &putting, "a");
    wait_told("a late, more\n");
    settings.replicas = 0;
    wait_told("a answered 0 a\n");
}
END_TEST

START_TEST(test_a_frozen_server)
{
    own_redis_freeze(&server);
    call(PUT, &putting, "a");
    call(ECHO, &asking, "b");
    wait_told("b late\n");
    call(END, &patient, "c");
    wait_told("down: no answer within 300 ms\n");
    own_redis_thaw(&server);
    wait_told("c answered 0 c\n");
    operate("DBSIZE", ":2");
}
END_TEST

START_TEST(test_rights_that_are_taken_away)
{
    operate("ACL SETUSER default -evalsha", "+OK");
    call(PUT, &patient, "a");
    wait_told("down: NOPERM ");
    operate("ACL SETUSER default +@all", "+OK");
    wait_told("a answered 0 a\n");
}
END_TEST

START_TEST(test_a_large_payload)
{
    static char bytes[20 * 1024 * 1024];
    struct payload *payload = payload_from(&budget, bytes, sizeof bytes);
    struct redis_call *new = redis_call_new(calls, &real[PUT], 7);
    redis_call_text(new, "a");
    redis_call_payload(new, NULL, 0, payload);
    payload_unref(payload);
    redis_call_post(new, &putting, "a");
    wait_told("a answered 0 a\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redis_answer");
    TCase *tc = tcase_create("answer");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up_real, tear_down_real);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_calls);
    tcase_add_test(tc, test_cut_connections);
    tcase_add_test(tc, test_full_memory);
    tcase_add_test(tc, test_full_is_told_of_a_put);
    tcase_add_test(tc, test_flushed_scripts);
    tcase_add_test(tc, test_a_replica_is_left_until_it_is_promoted);
    tcase_add_test(tc, test_too_few_replicas);
    tcase_add_test(tc, test_replicas_that_never_come);
    tcase_add_test(tc, test_a_frozen_server);
    tcase_add_test(tc, test_rights_that_are_taken_away);
    tcase_add_test(tc, test_a_large_payload);
    return run_suite(suite);
}
