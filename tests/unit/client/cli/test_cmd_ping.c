/* ping, and its wait for a server. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

START_TEST(ping)
{
    const struct dialogue dialogue = {"{\"op\":\"ping\",\"id\":1}", "",
                                      "{\"event\":\"pong\",\"id\":1}\n"};
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_answer, (void *)&dialogue);
    child_run(&child, NULL, "", ARGS("ping", "--server", fake.address));
    fake_finish(&fake);
    ck_assert_int_eq(child.status, 0);
    ck_assert_ptr_nonnull(strstr(child.output, "taskmasterd/0.2.0 at 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(child.output, " ms\n"));
    child_free(&child);
}
END_TEST

/* Binds an address without listening, until the descriptor is closed. `message` gets the complaint
 * of the command. */
static int nobody(char address[32], char message[128])
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, but it does not listen */
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    snprintf(address, 32, "127.0.0.1:%d", ntohs(name.sin_port));
    snprintf(message, 128, "taskmaster: cannot connect to %s: Connection refused\n", address);
    return fd;
}

START_TEST(ping_nobody)
{
    struct child child;
    char address[32], message[128];
    int fd = nobody(address, message);
    child_run(&child, address, "", ARGS("ping"));
    child_assert(&child, 69, "", message);
    close(fd);
}
END_TEST

/* For as long as it may, and at most for the command's own time. */
START_TEST(ping_waits)
{
    struct child child;
    char address[32], message[128];
    int fd = nobody(address, message);
    int64_t begin_ms = now_ms();
    child_run(&child, address, "", ARGS("ping", "--wait-ms", "200"));
    ck_assert_int_ge(now_ms() - begin_ms, 200);
    child_assert(&child, 69, "", message);
    child_run(&child, address, "", ARGS("ping", "--wait-ms", "600000", "--timeout", "0.1"));
    ck_assert_int_eq(child.status, 124);
    ck_assert_ptr_nonnull(strstr(child.errors, "cannot connect"));
    child_free(&child);
    close(fd);
}
END_TEST

/* As a proxy does while the server behind it does not listen. */
static void plays_proxy(struct fake *fake)
{
    for (int i = 0; i < 3; i++) {
        fake_accept(fake);
        close(fake->fd);
    }
    fake_welcome(fake);
    fake_expect(fake, "*ping");
    fake_send(fake, "{\"event\":\"pong\",\"id\":1}\n");
    fake_expect_end(fake);
}

START_TEST(ping_waits_for_a_word)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_proxy, NULL);
    child_run(&child, fake.address, "", ARGS("ping", "--wait-ms", "60000"));
    fake_finish(&fake);
    ck_assert_str_eq(child.errors, "");
    ck_assert_int_eq(child.status, 0);
    child_free(&child);
}
END_TEST

static void plays_full_house(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "*hello");
    fake_send(fake, "{\"event\":\"error\",\"code\":\"zzz\",\"message\":\"go\",\"fatal\":true}\n");
}

/* An answer is one also if it is a refusal. */
START_TEST(ping_does_not_wait_for_another_word)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_full_house, NULL);
    child_run(&child, fake.address, "", ARGS("ping", "--wait-ms", "600000"));
    fake_finish(&fake);
    ck_assert_int_eq(child.status, 69);
    ck_assert_ptr_nonnull(strstr(child.errors, "zzz: go"));
    child_free(&child);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ping, ping_nobody, ping_waits, ping_waits_for_a_word, ping_does_not_wait_for_another_word,
    };
    TCase *tcase = tcase_create("cmd_ping");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_ping");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
