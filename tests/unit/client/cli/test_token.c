/* The file of --token-file. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

static void plays_token(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "{\"op\":\"hello\",\"protocol\":1,\"client\":\"taskmaster/0.2.0\","
                      "\"token\":\"the to ken\"}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"unauthorized\","
                    "\"message\":\"go away\",\"fatal\":true}\n");
    fake_expect_end(fake);
}

static void assert_refused_file(const char *address, const char *path, const char *why)
{
    struct child child;
    char *expected = NULL;
    ck_assert_int_gt(asprintf(&expected, "taskmaster: %s%s", path, why), 0);
    child_run(&child, address, "", ARGS("ping", "--token-file", path));
    ck_assert_int_eq(child.status, 64);
    ck_assert_msg(strncmp(child.errors, expected, strlen(expected)) == 0, "%s", child.errors);
    ck_assert_ptr_null(strstr(child.errors, "secret"));
    child_free(&child);
    free(expected);
}

START_TEST(token)
{
    struct fake fake;
    struct child child;
    char path[] = "/tmp/taskmaster-token-XXXXXX";
    int fd = mkstemp(path);
    static const char file[] = "# the token\n\n the to ken \r\nsecond\n";
    ck_assert_int_eq(write(fd, file, sizeof file - 1), sizeof file - 1);
    fake_start(&fake, plays_token, NULL);
    child_run(&child, fake.address, "", ARGS("ping", "--token-file", path));
    fake_finish(&fake);
    child_assert(&child, 69, "", "taskmaster: the server refused: unauthorized: go away\n");
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    assert_refused_file(fake.address, path,
                        ": expected a token on a line of its own, found none\n");
    ck_assert_int_eq(pwrite(fd, "#\n\xef\xbb\xbfsecret-token", 17, 0), 17);
    assert_refused_file(fake.address, path, ":2: found a byte order mark (BOM); expected ");
    ck_assert_int_eq(pwrite(fd, "\0\0", 2, 0), 2);
    assert_refused_file(fake.address, path, ": expected text, found a NUL at byte 0\n");
    ck_assert_int_eq(ftruncate(fd, 64 * 1024 + 1), 0);
    assert_refused_file(fake.address, path, ": more than 65536 bytes are too many ");
    close(fd);
    unlink(path);
    child_run(&child, fake.address, "", ARGS("ping", "--token-file", path));
    ck_assert_int_eq(child.status, 64);
    child_free(&child);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        token,
    };
    TCase *tcase = tcase_create("token");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client token");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
