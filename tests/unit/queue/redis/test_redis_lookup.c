/* test_redis_lookup: names that are found, that are not, and that nobody waits for any more. */
#include "queue/redis/redis_lookup.h"

#include "tests/unit/queue/redis/redis_world.h"

static char found[256];

static void on_found(void *arg, const struct address *address, const char *why)
{
    char text[ADDRESS_TEXT_MAX];
    (void)arg;
    snprintf(found, sizeof found, "%s",
             address
                 ? address_format((const struct sockaddr *)&address->storage, address->len, text)
                 : why);
}

static void wait_found(void)
{
    while (!*found)
        event_base_loop(base, EVLOOP_ONCE);
}

START_TEST(test_a_name)
{
    ck_assert_ptr_nonnull(redis_lookup_begin(base, "localhost:6379", on_found, NULL));
    wait_found();
    ck_assert_str_eq(found, "127.0.0.1:6379");
}
END_TEST

START_TEST(test_no_name)
{
    ck_assert_ptr_nonnull(redis_lookup_begin(base, "300.1.1.1:6379", on_found, NULL));
    wait_found();
    ck_assert_str_eq(found, "expected an IPv4 address or a host's name before the port");
}
END_TEST

START_TEST(test_forgotten)
{
    for (int i = 0; i < 20; i++)
        redis_lookup_forget(redis_lookup_begin(base, "localhost:6379", on_found, NULL));
    redis_lookup_forget(NULL);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_str_eq(found, "");
}
END_TEST

/* --- the link with such a server --- */

static void wait_told(const char *expected)
{
    while (told[told_len] = '\0', !strstr(told, expected)) {
        usleep(1000);
        turn();
    }
    told_len = 0;
}

/* A server at a port of this machine. */
static void listen_at_port(char *text, size_t size)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof name;
    listening[1] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listening[1], (struct sockaddr *)&name, len), 0);
    ck_assert_int_eq(listen(listening[1], 8), 0);
    ck_assert_int_eq(getsockname(listening[1], (struct sockaddr *)&name, &len), 0);
    snprintf(text, size, "localhost:%u", ntohs(name.sin_port));
}

static void wait_accepted(void)
{
    while (!server_accepts(1))
        usleep(1000);
}

START_TEST(test_a_server_with_a_name)
{
    char text[64];
    listen_at_port(text, sizeof text);
    address_items[0] = text;
    open_calls(1);
    for (int i = 0; i < 2; i++) {
        wait_accepted();
        ck_heard(GREETING);
        server_tells_info(INFO_TEXT);
        wait_told("up\n");
        server_ends();
        wait_told("down: Redis closed the connection\n");
        pass_ms(2000);
    }
}
END_TEST

START_TEST(test_a_server_without_an_address)
{
    static char text[] = "no-such-host.invalid..:1";
    address_items[0] = text;
    open_calls(1);
    while (!redis_calls_view(calls).why) {
        usleep(1000);
        turn();
    }
    post(&asking, "a");
    turns();
    pass_ms(1000);
    ck_told("a unsent\n");
}
END_TEST

/* Nothing is left of a look-up when the calls end. */
START_TEST(test_the_end_amid_a_look_up)
{
    static char text[] = "localhost:1";
    address_items[0] = text;
    open_calls(1);
    turn();
    turn();
}
END_TEST

static void set_up(void)
{
    setup();
    *found = '\0';
}

int main(void)
{
    Suite *suite = suite_create("redis_lookup");
    TCase *tc = tcase_create("lookup");
    tcase_add_checked_fixture(tc, set_up, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_a_name);
    tcase_add_test(tc, test_no_name);
    tcase_add_test(tc, test_forgotten);
    tcase_add_test(tc, test_a_server_with_a_name);
    tcase_add_test(tc, test_a_server_without_an_address);
    tcase_add_test(tc, test_the_end_amid_a_look_up);
    return run_suite(suite);
}
