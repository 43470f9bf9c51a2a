/* Each shipped module in a real worker: good input, bad input, and a stop. */
#include "common/xmalloc.h"
#include "tests/unit/suite.h"
#include "tests/unit/worker/fake_master.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct fake_master master;
static char *root; /* of readfile; a temporary directory */

static const char *const commands =
    "{\"cat\":[\"/bin/cat\"],\"sort\":[\"/usr/bin/sort\",\"-r\"],\"true\":[\"/bin/true\"],"
    "\"fail\":[\"/bin/sh\",\"-c\",\"echo out; echo first >&2; echo second >&2; exit 3\"],"
    "\"die\":[\"/bin/sh\",\"-c\",\"kill -SEGV $$\"],"
    "\"endless\":[\"/bin/sleep\",\"1000\"],"
    "\"yes\":[\"/usr/bin/yes\"],"
    "\"chatty\":[\"/bin/sh\",\"-c\",\"head -c 300000 /dev/zero >&2; cat\"],"
    "\"noisy-fail\":[\"/bin/sh\",\"-c\",\"head -c 300000 /dev/zero >&2; exit 1\"],"
    "\"talk\":[\"/bin/sh\",\"-c\",\"echo note >&2; echo result\"],"
    "\"unfinished\":[\"/bin/sh\",\"-c\",\"printf note >&2\"],"
    "\"leave\":[\"/bin/sh\",\"-c\",\"sleep 1000 & echo $!\"],"
    "\"leave-session\":[\"/bin/sh\",\"-c\",\"setsid sleep 1000 & echo $!\"],"
    "\"kill-guard\":[\"/bin/sh\",\"-c\",\"kill -9 $PPID; kill -STOP $$\"],"
    "\"directory\":[\"/tmp\"],"
    "\"long-fail\":[\"/bin/sh\",\"-c\",\"head -c 2000000 /dev/zero; echo why >&2; exit 1\"],"
    "\"signals\":[\"/bin/grep\",\"-E\",\"^Sig(Blk|Ign)\",\"/proc/self/status\"],"
    "\"descriptors\":[\"/bin/ls\",\"/proc/self/fd\"],"
    "\"missing\":[\"/nonexistent/program\"]}";

static void set_up(void)
{
    char dir[] = "/tmp/test_worker_modules.XXXXXX";

    ck_assert_ptr_nonnull(mkdtemp(dir));
    root = xstrdup(dir);
    char *more = xasprintf("config:exec={\"commands\":%s}\n"
                           "config:readfile={\"root\":\"%s\"}\n",
                           commands, root);
    fake_master_start(&master, make_settings("modules", more));
    free(more);
}

static void tear_down(void)
{
    char *command = xasprintf("rm -rf %s", root);

    fake_master_finish(&master);
    ck_assert_int_eq(system(command), 0);
    free(command);
    free(root);
}

static void assert_result(const char *module, const char *input, const char *result)
{
    const struct answer *answer = fake_master_ask(&master, module, input);

    ck_assert_msg(answer->head.type == WIRE_DONE, "%s: %s: failed: %s %s", module, input,
                  answer->head.name, answer->text);
    ck_assert_str_eq(answer->payload, result);
    ck_assert_uint_eq(answer->head.size, strlen(result));
}

static const struct answer *assert_failure(const char *module, const char *input, const char *code,
                                           const char *words)
{
    const struct answer *answer = fake_master_ask(&master, module, input);

    ck_assert_msg(answer->head.type == WIRE_FAILED, "%s: %s: done: %s", module, input,
                  answer->payload);
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_MODULE);
    ck_assert_str_eq(answer->head.name, code);
    ck_assert_msg(strstr(answer->text, words) != NULL, "\"%s\" is not in \"%s\"", words,
                  answer->text);
    return answer;
}

/* Every fault in the input is reported: the text found and the text expected. */
static void assert_bad_input(const char *module, const char *input, const char *found)
{
    const struct answer *answer = assert_failure(module, input, "bad-input", found);

    ck_assert_msg(strstr(answer->text, "expected") != NULL, "\"%s\"", answer->text);
}

/* Starts an endless job, stops it, and checks its outcome. */
static void assert_stops(const char *module, const char *input)
{
    fake_master_run(&master, 9, module, input, strlen(input));
    fake_master_stop(&master, 9);
    const struct answer *answer = fake_master_answer(&master);
    ck_assert_uint_eq(answer->head.type, WIRE_FAILED);
    ck_assert_str_eq(answer->head.name, "stopped");
}

START_TEST(echo_replies_with_its_payload)
{
    static const char bytes[] = "a\0b\xff\n";

    assert_result("echo", "hello", "hello");
    assert_result("echo", "", "");
    fake_master_run(&master, 1, "echo", bytes, sizeof(bytes));
    const struct answer *answer = fake_master_answer(&master);
    ck_assert_uint_eq(answer->head.size, sizeof(bytes));
    ck_assert_mem_eq(answer->payload, bytes, sizeof(bytes));
}
END_TEST

START_TEST(fib_counts)
{
    static const char *const bad[] = {"",    "\n", "x",     "-1",  "+1",
                                      "1.5", "91", "100",   "007", "05",
                                      "1 2", " 1", "1\n\n", "1e1", "18446744073709551617"};

    assert_result("fib", "0", "0");
    assert_result("fib", "1", "1");
    assert_result("fib", "2", "1");
    assert_result("fib", "10\n", "55");
    assert_result("fib", "25", "75025");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_bad_input("fib", bad[i], "found \"");
    assert_stops("fib", "90");
}
END_TEST

START_TEST(math_calculates)
{
    static const char *const sums[][2] = {
        {"{\"op\":\"add\",\"x\":1,\"y\":2}", "3"},
        {"{\"op\":\"sub\",\"x\":1,\"y\":2}", "-1"},
        {"{\"op\":\"mul\",\"x\":-3,\"y\":7}", "-21"},
        {"{\"op\":\"div\",\"x\":6,\"y\":3}", "2"},
        {"{\"op\":\"div\",\"x\":7,\"y\":2}", "3.5"},
        {"{\"op\":\"div\",\"x\":7,\"y\":-1}", "-7"},
        {"{\"op\":\"add\",\"x\":0.1,\"y\":0}", "0.1"},
        {"{\"op\":\"add\",\"x\":0.1,\"y\":0.2}", "0.30000000000000004"},
        {"{\"op\":\"add\",\"x\":9223372036854775806,\"y\":1}", "9223372036854775807"},
        {" {\"y\":2.5,\"x\":2,\"op\":\"mul\"}\n", "5.0"},
    };

    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
        assert_result("math", sums[i][0], sums[i][1]);
}
END_TEST

START_TEST(math_refuses)
{
    assert_failure("math", "{\"op\":\"div\",\"x\":1,\"y\":0}", "div-by-zero", "y is 0");
    assert_failure("math", "{\"op\":\"div\",\"x\":1.5,\"y\":0.0}", "div-by-zero", "y is 0");
    assert_failure("math", "{\"op\":\"add\",\"x\":9223372036854775807,\"y\":1}", "overflow",
                   "beyond 64 bits");
    assert_failure("math", "{\"op\":\"div\",\"x\":-9223372036854775808,\"y\":-1}", "overflow",
                   "beyond 64 bits");
    assert_failure("math", "{\"op\":\"mul\",\"x\":1e300,\"y\":1e300}", "overflow", "double");
    assert_bad_input("math", "", "found \"\"");
    assert_bad_input("math", "1 + 2", "found \"1 + 2\"");
    assert_bad_input("math", "[]", "found \"[]\"");
    assert_bad_input("math", "{\"op\":\"add\",\"x\":1}", "not found: y");
    assert_bad_input("math", "{\"op\":\"add\",\"x\":1,\"y\":2,\"z\":3}", "z");
    assert_bad_input("math", "{\"op\":\"add\",\"x\":1,\"x\":1,\"y\":2}", "duplicate");
    assert_bad_input("math", "{\"op\":\"pow\",\"x\":1,\"y\":2}", "op is \"pow\"");
    assert_bad_input("math", "{\"op\":\"add\",\"x\":\"1\",\"y\":2}", "x is not a number");
    assert_bad_input("math", "{\"op\":\"add\",\"x\":1,\"y\":null}", "y is not a number");
    assert_bad_input("math", "{\"op\":7,\"x\":1,\"y\":2}", "string");
    assert_bad_input("math", "{\"op\":\"add\",\"x\":99999999999999999999,\"y\":2}", "too big");
}
END_TEST

START_TEST(sleep_waits_and_stops)
{
    struct timespec before;
    struct timespec after;

    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_result("sleep", "{\"ms\":30,\"value\":{\"a\":[1,null]}}", "{\"a\":[1,null]}");
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_ge(
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000, 29);
    assert_result("sleep", "{\"ms\":0}", "null");
    assert_result("sleep", "{\"ms\":0,\"value\":\"x\"}", "\"x\"");
    assert_bad_input("sleep", "{\"ms\":-1}", "ms is -1");
    assert_bad_input("sleep", "{\"ms\":86400001}", "ms is 86400001");
    assert_bad_input("sleep", "{\"ms\":1.5}", "integer");
    assert_bad_input("sleep", "{}", "not found: ms");
    assert_bad_input("sleep", "{\"ms\":1,\"vlaue\":1}", "vlaue");
    assert_bad_input("sleep", "soon", "found \"soon\"");
    assert_stops("sleep", "{\"ms\":86400000}");
}
END_TEST

START_TEST(wc_counts)
{
    assert_result("wc", "", "{\"lines\":0,\"words\":0,\"bytes\":0}");
    assert_result("wc", "one", "{\"lines\":0,\"words\":1,\"bytes\":3}");
    assert_result("wc", "one two\n", "{\"lines\":1,\"words\":2,\"bytes\":8}");
    assert_result("wc", " \t\v\f\r\n\n a\n", "{\"lines\":3,\"words\":1,\"bytes\":10}");
    assert_result("wc", "na\xc3\xafve caf\xc3\xa9", "{\"lines\":0,\"words\":2,\"bytes\":12}");
}
END_TEST

static void write_below_root(const char *name, const char *data, size_t len)
{
    char *path = xasprintf("%s/%s", root, name);
    FILE *out = fopen(path, "w");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(data, 1, len, out), len);
    fclose(out);
    free(path);
}

static void link_below_root(const char *target, const char *name)
{
    char *path = xasprintf("%s/%s", root, name);

    ck_assert_int_eq(symlink(target, path), 0);
    free(path);
}

static void make_tree(void)
{
    char *dir = xasprintf("%s/dir", root);
    char *fifo = xasprintf("%s/fifo", root);

    ck_assert_int_eq(mkdir(dir, 0700), 0);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    write_below_root("plain", "text\n", 5);
    write_below_root("empty", "", 0);
    write_below_root("dir/inner", "inner", 5);
    link_below_root("plain", "link");
    link_below_root("../plain", "dir/up");
    link_below_root("/etc/passwd", "absolute");
    link_below_root("../../../../../etc/passwd", "climbing");
    link_below_root("/etc", "etc");
    link_below_root("/proc/self/exe", "magic");
    free(dir);
    free(fifo);
}

START_TEST(readfile_reads_below_its_root)
{
    size_t large_len = 300000;
    char *large = xcalloc(1, large_len);

    make_tree();
    large[large_len - 1] = 'z';
    write_below_root("large", large, large_len);
    assert_result("readfile", "{\"path\":\"plain\"}", "text\n");
    assert_result("readfile", "{\"path\":\"empty\"}", "");
    assert_result("readfile", "{\"path\":\"dir/inner\"}", "inner");
    assert_result("readfile", "{\"path\":\"dir/../plain\"}", "text\n");
    assert_result("readfile", "{\"path\":\"link\"}", "text\n");
    assert_result("readfile", "{\"path\":\"dir/up\"}", "text\n");
    const struct answer *answer = fake_master_ask(&master, "readfile", "{\"path\":\"large\"}");
    ck_assert_uint_eq(answer->head.size, large_len);
    ck_assert(memcmp(answer->payload, large, large_len) == 0);
    free(large);
}
END_TEST

START_TEST(readfile_has_no_way_out)
{
    static const char *const outside[] = {
        "/etc/passwd",
        "../etc/passwd",
        "dir/../../etc/passwd",
        "absolute",
        "climbing",
        "etc/passwd",
        "magic",
        "..",
        "/",
    };

    make_tree();
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        char *input = xasprintf("{\"path\":\"%s\"}", outside[i]);
        assert_failure("readfile", input, "outside-root", outside[i]);
        free(input);
    }
    assert_failure("readfile", "{\"path\":\"none\"}", "not-found", "\"none\"");
    assert_failure("readfile", "{\"path\":\"\"}", "not-found", "\"\"");
    assert_failure("readfile", "{\"path\":\"plain/x\"}", "not-found", "plain/x");
    assert_failure("readfile", "{\"path\":\"dir\"}", "not-a-file", "\"dir\"");
    assert_failure("readfile", "{\"path\":\"fifo\"}", "not-a-file", "\"fifo\"");
    assert_bad_input("readfile", "plain", "found \"plain\"");
    assert_bad_input("readfile", "{\"path\":7}", "string");
    assert_bad_input("readfile", "{\"path\":\"a\\u0000b\"}", "NUL");
    assert_bad_input("readfile", "{\"path\":\"plain\",\"mode\":1}", "mode");
}
END_TEST

START_TEST(exec_runs_what_is_configured)
{
    assert_result("exec", "true", "");
    assert_result("exec", "cat\n", "");
    assert_result("exec", "cat\nline 1\nline 2", "line 1\nline 2");
    assert_result("exec", "sort\nb\nc\na\n", "c\nb\na\n");
    assert_result("exec", "true\ninput that nobody reads", "");
    assert_bad_input("exec", "rm\n-rf", "found \"rm\"");
    assert_bad_input("exec", "", "found \"\"");
    assert_bad_input("exec", "/bin/cat", "cat, sort");
    assert_failure("exec", "missing", "cannot-start",
                   "cannot run /nonexistent/program: No such file or directory");
    assert_failure("exec", "directory", "cannot-start", "cannot run /tmp: Permission denied");
}
END_TEST

START_TEST(exec_reports_how_a_command_failed)
{
    const struct answer *answer = assert_failure("exec", "fail", "exit-status",
                                                 "command \"fail\" ended with status 3: first");
    ck_assert_str_eq(answer->payload, "first\nsecond\n");
    answer =
        assert_failure("exec", "die", "signal", "command \"die\" was ended by signal 11 (SIGSEGV)");
    ck_assert_uint_eq(answer->head.size, 0);
    answer = assert_failure("exec", "noisy-fail", "exit-status", "ended with status 1");
    ck_assert_uint_eq(answer->head.size, 64 * 1024);
    answer = assert_failure("exec", "long-fail", "exit-status", "ended with status 1: why");
    ck_assert_uint_eq(answer->head.size, 2000000 + strlen("why\n"));
}
END_TEST

START_TEST(exec_moves_large_data_without_deadlock)
{
    size_t len = 8 * 1024 * 1024;
    char *input = xmalloc(len + 8);

    memcpy(input, "chatty\n", 7);
    for (size_t i = 0; i < len; i++)
        input[7 + i] = (char)('a' + i % 23);
    fake_master_run(&master, 1, "exec", input, 7 + len);
    const struct answer *answer = fake_master_answer(&master);
    ck_assert_msg(answer->head.type == WIRE_DONE, "%s", answer->text);
    ck_assert_uint_eq(answer->head.size, len);
    ck_assert(memcmp(answer->payload, input + 7, len) == 0);
    free(input);
}
END_TEST

/* Waits until the process is neither running nor a zombie. */
static void assert_no_children(void)
{
    char *path = xasprintf("/proc/%d/task/%d/children", (int)master.pid, (int)master.pid);
    FILE *in = fopen(path, "r");

    if (in != NULL) { /* not every kernel has it */
        ck_assert_int_eq(fgetc(in), EOF);
        fclose(in);
    }
    free(path);
}

START_TEST(exec_stops_a_command)
{
    assert_stops("exec", "endless");
    const struct answer *answer = fake_master_ask(&master, "exec", "yes");
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_TOO_LARGE);
    ck_assert_uint_eq(answer->head.size, 0);
    assert_no_children();
}
END_TEST

START_TEST(exec_kills_what_a_command_leaves_behind)
{
    static const char *const names[] = {"leave", "leave-session"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct answer *answer = fake_master_ask(&master, "exec", names[i]);
        ck_assert_uint_eq(answer->head.type, WIRE_DONE);
        pid_t left = (pid_t)strtol(answer->payload, NULL, 10);
        ck_assert_int_gt(left, 1);
        ck_assert_int_eq(kill(left, 0), -1);
        ck_assert_int_eq(errno, ESRCH);
    }
    assert_no_children();
}
END_TEST

START_TEST(exec_does_without_a_guard_that_was_killed)
{
    assert_failure("exec", "kill-guard", "no-status", "command \"kill-guard\" is not known");
    assert_no_children();
    assert_result("exec", "cat\nnext", "next");
}
END_TEST

START_TEST(exec_gives_a_command_a_clean_start)
{
    const struct answer *answer = fake_master_ask(&master, "exec", "signals");
    unsigned long long blocked;
    unsigned long long ignored;

    ck_assert_int_eq(sscanf(answer->payload, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    ck_assert_uint_eq(blocked, 0);
    /* Signals 32 and 33 are libc's own; its posix_spawn() leaves them ignored. */
    ck_assert_uint_eq(ignored & ~0x180000000ULL, 0);
    assert_result("exec", "descriptors", "0\n1\n2\n3\n"); /* 3 is used by ls itself */
}
END_TEST

START_TEST(exec_logs_what_a_successful_command_says)
{
    assert_result("exec", "talk", "result\n");
    fake_master_expect_log(&master, "note\n");
    assert_result("exec", "unfinished", "");
    fake_master_expect_log(&master, "note\nnote\n");
}
END_TEST

START_TEST(crash_refuses_what_it_does_not_know)
{
    assert_bad_input("crash", "gently", "found \"gently\"");
    assert_bad_input("crash", "", "found \"\"");
    assert_result("crash", "stdout words", "");
    assert_result("crash", "stderr more words", "");
    fake_master_expect_log(&master, "words\nmore words\n");
}
END_TEST

/* A module without its settings names them. */
static void assert_unavailable(const char *module, const char *config, const char *words)
{
    struct fake_master other;
    char *more = xasprintf("config:%s=%s\n", module, config);

    fake_master_start(&other, make_settings("modules", more));
    const struct answer *answer = fake_master_ask(&other, module, "");
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_UNFIT);
    ck_assert_msg(strstr(answer->text, words) != NULL, "\"%s\" is not in \"%s\"", words,
                  answer->text);
    ck_assert_ptr_nonnull(strstr(answer->text, "set modules."));
    fake_master_finish(&other);
    free(more);
}

START_TEST(settings_that_are_missing_are_named)
{
    assert_unavailable("readfile", "{}", "no root");
    assert_unavailable("readfile", "7", "no root");
    assert_unavailable("readfile", "{\"root\":\"here\"}", "is not an absolute path");
    assert_unavailable("readfile", "{\"root\":\"/nonexistent\"}", "No such file or directory");
    assert_unavailable("readfile", "{\"root\":\"/etc/passwd\"}", "Not a directory");
    assert_unavailable("readfile", "{\"root\":\"/\",\"rot\":\"/\"}", "rot");
    assert_unavailable("exec", "{}", "no commands");
    assert_unavailable("exec", "{\"commands\":[]}", "commands is not an object");
    assert_unavailable("exec", "{\"commands\":{\"a\":[]}}", "command \"a\"");
    assert_unavailable("exec", "{\"commands\":{\"a\":[\"cat\"]}}", "command \"a\"");
    assert_unavailable("exec", "{\"commands\":{\"a\":[\"/bin/cat\",1]}}", "command \"a\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker modules");
    TCase *tc = tcase_create("modules");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, echo_replies_with_its_payload);
    tcase_add_test(tc, fib_counts);
    tcase_add_test(tc, math_calculates);
    tcase_add_test(tc, math_refuses);
    tcase_add_test(tc, sleep_waits_and_stops);
    tcase_add_test(tc, wc_counts);
    tcase_add_test(tc, readfile_reads_below_its_root);
    tcase_add_test(tc, readfile_has_no_way_out);
    tcase_add_test(tc, exec_runs_what_is_configured);
    tcase_add_test(tc, exec_reports_how_a_command_failed);
    tcase_add_test(tc, exec_moves_large_data_without_deadlock);
    tcase_add_test(tc, exec_stops_a_command);
    tcase_add_test(tc, exec_kills_what_a_command_leaves_behind);
    tcase_add_test(tc, exec_does_without_a_guard_that_was_killed);
    tcase_add_test(tc, exec_gives_a_command_a_clean_start);
    tcase_add_test(tc, exec_logs_what_a_successful_command_says);
    tcase_add_test(tc, crash_refuses_what_it_does_not_know);
    tcase_add_test(tc, settings_that_are_missing_are_named);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
