/* test_redis_link: which server is used, and what the log tells of the others. */
#include "tests/unit/queue/redis/redis_world.h"

/* --- the greeting --- */

START_TEST(test_the_greeting)
{
    server_listens(0);
    open_calls(1);
    server_greets(0);
    ck_told("up\n");
    ck_logged("info redis-connected address=0 version=7.0.15\n");
    ck_assert(redis_calls_view(calls).is_up);
    ck_assert_str_eq(redis_calls_view(calls).version, "7.0.15");
}
END_TEST

START_TEST(test_the_greeting_of_a_user_to_a_database)
{
    token_set_add(&settings.passwords, "first");
    token_set_add(&settings.passwords, "second");
    settings.user = xstrdup("queue");
    settings.database = 12;
    server_listens(0);
    open_calls(1);
    ck_assert(server_accepts(0));
    ck_heard("AUTH queue first\nSELECT 12\n" GREETING);
    server_says("+OK\r\n+OK\r\n");
    ck_told("");
    server_tells_info(INFO_TEXT);
    ck_told("up\n");
    token_set_free(&settings.passwords);
    free(settings.user);
}
END_TEST

START_TEST(test_a_password_of_the_default_user)
{
    token_set_add(&settings.passwords, "first");
    server_listens(0);
    open_calls(1);
    ck_assert(server_accepts(0));
    ck_heard("AUTH first\n" GREETING);
    token_set_free(&settings.passwords);
}
END_TEST

START_TEST(test_a_user_without_a_password)
{
    static char user[] = "queue";
    settings.user = user;
    server_listens(0);
    open_calls(1);
    ck_assert(server_accepts(0));
    ck_heard("AUTH queue \n" GREETING);
}
END_TEST

START_TEST(test_a_new_password_is_for_the_next_connection)
{
    struct redis_settings later = settings;
    server_listens(0);
    open_calls(1);
    later.servers = settings.servers;
    token_set_add(&later.passwords, "later");
    server_greets(0);
    redis_calls_configure(calls, &later);
    ck_heard("");
    server_ends();
    pass_ms(100);
    ck_assert(server_accepts(0));
    ck_heard("AUTH later\n" GREETING);
    token_set_free(&later.passwords);
}
END_TEST

/* The settings before are gone at once, though the greeting was asked by them. */
START_TEST(test_a_reload_in_the_middle_of_a_greeting)
{
    struct redis_settings *later = xmalloc(sizeof *later), *last = xmalloc(sizeof *last);
    *later = *last = settings;
    server_listens(0);
    open_calls(1);
    redis_calls_configure(calls, later);
    ck_assert(server_accepts(0));
    ck_heard(GREETING);
    last->is_unsafe = true;
    redis_calls_configure(calls, last);
    memset(later, 0, sizeof *later);
    free(later);
    server_tells_info("redis_version:7.0.15\r\nrole:master\r\naof_enabled:0\r\n"
                      "maxmemory_policy:noeviction\r\n");
    ck_told("up\n");
    redis_calls_configure(calls, &settings);
    free(last);
}
END_TEST

/* --- refusals --- */

/* The server is refused for its answer: once in the log, however often it is tried. */
static void ck_refused(const char *answer, const char *expected)
{
    server_listens(0);
    open_calls(1);
    for (int i = 0; i < 3; i++) {
        ck_assert(server_accepts(0));
        ck_heard(GREETING);
        server_says(answer);
        ck_told("");
        ck_closed();
        ck_logged(i ? "" : expected);
        pass_ms(400);
    }
    ck_assert(!redis_calls_view(calls).is_up);
    ck_assert_ptr_nonnull(redis_calls_view(calls).why);
}

static void ck_info_refused(const char *from, const char *to, const char *expected)
{
    char *info = info_with(from, to), *answer = xasprintf("$%zu\r\n%s\r\n", strlen(info), info);
    ck_refused(answer, expected);
    free(answer);
    free(info);
}

START_TEST(test_an_old_redis)
{
    ck_info_refused("7.0.15", "6.2.14",
                    "error redis-refused address=0 found=\"version 6.2.14\" expected=\"Redis 7.0 "
                    "or newer\"\n");
}
END_TEST

START_TEST(test_a_nameless_server)
{
    ck_info_refused("redis_version:7.0.15\r\n", "",
                    "error redis-refused address=0 found=\"version unknown\" expected=\"Redis 7.0 "
                    "or newer\"\n");
}
END_TEST

START_TEST(test_a_cluster)
{
    ck_info_refused("cluster_enabled:0", "cluster_enabled:1",
                    "error redis-refused address=0 found=\"version 7.0.15, a node of Redis "
                    "Cluster\" expected=\"one primary, with replicas or without\" hint=\"Redis "
                    "Cluster spreads keys over servers; a queue needs all of its keys on one\"\n");
}
END_TEST

START_TEST(test_a_replica)
{
    ck_info_refused("role:master", "role:slave",
                    "error redis-refused address=0 found=\"a replica\" expected=\"the primary\" "
                    "hint=\"name the primary in redis-servers, or promote this one by REPLICAOF "
                    "NO ONE if the primary is gone\"\n");
}
END_TEST

START_TEST(test_a_redis_that_forgets)
{
    ck_info_refused("aof_enabled:1", "aof_enabled:0",
                    "error redis-refused address=0 found=\"appendonly no\" expected=\"appendonly "
                    "yes\" hint=\"redis-cli CONFIG SET appendonly yes, then CONFIG REWRITE (a "
                    "restart with a changed redis.conf would forget the data); or redis-unsafe "
                    "true, if jobs may be lost\"\n");
}
END_TEST

START_TEST(test_a_redis_that_evicts)
{
    ck_info_refused("noeviction", "allkeys-lru",
                    "error redis-refused address=0 found=\"maxmemory-policy allkeys-lru\" "
                    "expected=\"maxmemory-policy noeviction\" hint=\"redis-cli CONFIG SET "
                    "maxmemory-policy noeviction, then CONFIG REWRITE; or redis-unsafe true, if "
                    "jobs may be lost\"\n");
}
END_TEST

START_TEST(test_a_redis_that_loads)
{
    ck_info_refused("loading:0", "loading:1",
                    "warn redis-unreachable address=0 why=\"it loads its data\"\n");
}
END_TEST

START_TEST(test_unsafe_is_allowed)
{
    char *info = info_with("aof_enabled:1", "aof_enabled:0");
    settings.is_unsafe = true;
    server_listens(0);
    open_calls(1);
    ck_assert(server_accepts(0));
    server_tells_info(info);
    ck_told("up\n");
    ck_logged("info redis-connected address=0 version=7.0.15\nwarn redis-unsafe address=0 "
              "why=\"this Redis may lose jobs, and redis-unsafe is true\"\n");
    free(info);
}
END_TEST

START_TEST(test_errors_of_the_greeting)
{
    static const struct {
        const char *answer, *expected;
    } errors[] = {
        {"-NOAUTH Authentication required.\r\n",
         "error redis-refused address=0 found=\"NOAUTH Authentication required.\" expected=\"a "
         "password\" hint=\"name a file with it in redis-password-file\"\n"},
        {"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
         "error redis-refused address=0 found=\"WRONGPASS invalid username-password pair or user "
         "is disabled.\" expected=\"another password, or another user\" hint=\"compare "
         "redis-password-file and redis-user with the requirepass or the ACL of Redis\"\n"},
        {"-DENIED Redis is running in protected mode\r\n",
         "error redis-refused address=0 found=\"DENIED Redis is running in protected mode\" "
         "expected=\"a Redis that lets other machines in\" hint=\"protected mode is on: set a "
         "password in Redis (requirepass or ACL), then it lets others in\"\n"},
        {"-NOPERM User queue has no permissions to run the 'info' command\r\n",
         "error redis-refused address=0 found=\"NOPERM User queue has no permissions to run the "
         "'info' command\" expected=\"more rights for this user\" hint=\"doc/cluster.md has the "
         "line for Redis's ACL\"\n"},
        {"-ERR max number of clients reached\r\n",
         "warn redis-unreachable address=0 why=\"ERR max number of clients reached\"\n"},
        {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n",
         "error redis-refused address=0 found=\"a server that says HTTP/1.1 400 Bad Request\" "
         "expected=\"a Redis server\"\n"},
        {"*1\r\nx", "error redis-refused address=0 found=\"Protocol error, got \\\"x\\\" as reply "
                    "type byte\" expected=\"a Redis server\"\n"},
    };
    ck_refused(errors[_i].answer, errors[_i].expected);
}
END_TEST

START_TEST(test_a_greeting_without_an_answer)
{
    server_listens(0);
    open_calls(1);
    ck_assert(server_accepts(0));
    pass_ms(999);
    ck_logged("");
    pass_ms(1);
    ck_closed();
    ck_logged("warn redis-unreachable address=0 why=\"no answer within 1000 ms\"\n");
}
END_TEST

START_TEST(test_a_greeting_that_drips_in)
{
    server_listens(0);
    open_calls(1);
    ck_assert(server_accepts(0));
    for (int i = 0; i < 9; i++) {
        server_says(i ? "1" : "$");
        pass_ms(100);
    }
    ck_logged("");
    pass_ms(100);
    ck_logged("warn redis-unreachable address=0 why=\"no answer within 1000 ms\"\n");
    ck_closed();
}
END_TEST

START_TEST(test_an_end_within_the_greeting)
{
    char *info = xasprintf("$%zu\r\n%s\r\n+1111\r\n+222", strlen(INFO_TEXT), INFO_TEXT);
    server_listens(0);
    open_calls(1);
    for (size_t at = 0; at < strlen(info); at++) {
        pass_ms(5000);
        ck_assert(server_accepts(0));
        server_says_bytes(info, at);
        server_ends();
    }
    ck_told("");
    ck_logged("warn redis-unreachable address=0 why=\"Redis closed the connection\"\n");
    pass_ms(5000);
    server_greets(0);
    ck_told("up\n");
    free(info);
}
END_TEST

/* --- pauses and other servers --- */

START_TEST(test_attempts_pause_for_up_to_five_seconds)
{
    static const unsigned pauses[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000};
    open_calls(1);
    turns();
    for (size_t i = 0; i < SUPPORT_COUNT(pauses); i++) {
        pass_ms(pauses[i] - 1);
        server_listens(0);
        ck_assert_msg(!server_accepts(0), "too early: %u", pauses[i]);
        server_hides(0);
        pass_ms(1);
    }
    ck_logged("warn redis-unreachable address=0 why=\"No such file or directory\"\n");
    server_listens(0);
    pass_ms(5000);
    server_greets(0);
    ck_told("up\n");
    pass_ms(2000);
    server_ends();
    pass_ms(100);
    server_greets(0);
    ck_told("down: Redis closed the connection\nup\n");
}
END_TEST

static void ck_pauses(const unsigned *pauses, size_t count)
{
    server_listens(0);
    open_calls(1);
    for (size_t i = 0; i < count; i++) {
        server_greets(0);
        server_ends();
        ck_told("up\ndown: Redis closed the connection\n");
        pass_ms(pauses[i] - 1);
        ck_assert_msg(!server_accepts(0), "too early: %u", pauses[i]);
        pass_ms(1);
    }
}

START_TEST(test_a_server_that_ends_at_once_is_tried_less_and_less)
{
    static const unsigned pauses[] = {100, 200, 400, 800, 1600, 3200, 5000};
    ck_pauses(pauses, SUPPORT_COUNT(pauses));
}
END_TEST

/* A node that is back later than its lease would be taken for dead. */
START_TEST(test_no_pause_is_longer_than_a_part_of_the_lease)
{
    static const unsigned pauses[] = {100, 200, 250, 250};
    settings.lease_ms = 1000;
    ck_pauses(pauses, SUPPORT_COUNT(pauses));
}
END_TEST

START_TEST(test_the_primary_is_found_in_one_round)
{
    char *replica = info_with("role:master", "role:slave");
    server_listens(1);
    server_listens(2);
    open_calls(3);
    ck_assert(server_accepts(1));
    server_tells_info(replica);
    ck_closed();
    server_greets(2);
    ck_told("up\n");
    ck_logged("info redis-connected address=2 version=7.0.15\n");
    free(replica);
}
END_TEST

START_TEST(test_no_primary)
{
    char *replica = info_with("role:master", "role:slave");
    server_listens(1);
    open_calls(2);
    for (int i = 0; i < 3; i++) {
        ck_assert(server_accepts(1));
        server_tells_info(replica);
        ck_closed();
        ck_logged(i ? ""
                    : "warn redis-unreachable address=0 why=\"No such file or directory\"\n"
                      "error redis-refused address=1 found=\"a replica\" expected=\"the "
                      "primary\" hint=\"name the primary in redis-servers, or promote this one by "
                      "REPLICAOF NO ONE if the primary is gone\"\n");
        pass_ms(400);
    }
    free(replica);
}
END_TEST

START_TEST(test_another_server_takes_over)
{
    server_listens(0);
    server_listens(1);
    open_calls(2);
    server_greets(0);
    ck_told("up\n");
    pass_ms(2000);
    server_ends();
    server_greets(1);
    ck_told("down: Redis closed the connection\nup\n");
    ck_logged("info redis-connected address=0 version=7.0.15\n"
              "warn redis-lost address=0 why=\"Redis closed the connection\"\n"
              "info redis-connected address=1 version=7.0.15\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redis_link");
    TCase *tc = tcase_create("link");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_the_greeting);
    tcase_add_test(tc, test_the_greeting_of_a_user_to_a_database);
    tcase_add_test(tc, test_a_password_of_the_default_user);
    tcase_add_test(tc, test_a_user_without_a_password);
    tcase_add_test(tc, test_a_new_password_is_for_the_next_connection);
    tcase_add_test(tc, test_a_reload_in_the_middle_of_a_greeting);
    tcase_add_test(tc, test_an_old_redis);
    tcase_add_test(tc, test_a_nameless_server);
    tcase_add_test(tc, test_a_cluster);
    tcase_add_test(tc, test_a_replica);
    tcase_add_test(tc, test_a_redis_that_forgets);
    tcase_add_test(tc, test_a_redis_that_evicts);
    tcase_add_test(tc, test_a_redis_that_loads);
    tcase_add_test(tc, test_unsafe_is_allowed);
    tcase_add_loop_test(tc, test_errors_of_the_greeting, 0, 7);
    tcase_add_test(tc, test_a_greeting_without_an_answer);
    tcase_add_test(tc, test_a_greeting_that_drips_in);
    tcase_add_test(tc, test_an_end_within_the_greeting);
    tcase_add_test(tc, test_attempts_pause_for_up_to_five_seconds);
    tcase_add_test(tc, test_a_server_that_ends_at_once_is_tried_less_and_less);
    tcase_add_test(tc, test_no_pause_is_longer_than_a_part_of_the_lease);
    tcase_add_test(tc, test_the_primary_is_found_in_one_round);
    tcase_add_test(tc, test_no_primary);
    tcase_add_test(tc, test_another_server_takes_over);
    return run_suite(suite);
}
