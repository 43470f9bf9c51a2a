/* test_log_file: the log goes to a file, and stays where it was if another cannot be opened. */
#include "base/log_file.h"

#include "common/log.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct log_file_owner ours = {(uid_t)-1, (gid_t)-1};
static char directory[] = "/tmp/test_log_file.XXXXXX";
static char path[64], moved[64];

static void setup(void)
{
    signal(SIGPIPE, SIG_IGN);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/log", directory);
    snprintf(moved, sizeof moved, "%s/log.1", directory);
    log_configure(LOG_INFO, LOG_TEXT);
}

static void teardown(void)
{
    log_open();
    unlink(path);
    unlink(moved);
    rmdir(directory);
}

static void say(const char *word)
{
    log_event(LOG_INFO, "said", LOG_STR("word", word));
}

/* Whether the last line of the file has the word. */
static bool ends_with(const char *name, const char *word)
{
    char text[4096] = "", end[64];
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    size_t len = (size_t)snprintf(end, sizeof end, "word=%s\n", word);
    return n >= (ssize_t)len && strcmp(text + n - len, end) == 0;
}

static int open_log(void)
{
    return log_file_open(path, &ours);
}

/* A call that the sandbox of the units forbids. */
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
    (void)fd, (void)uid, (void)gid;
    errno = EPERM;
    return -1;
}

START_TEST(a_file_of_our_own_needs_no_right)
{
    ck_assert_int_eq(open_log(), 0);
    const struct log_file_owner other = {.uid = 1, .gid = (gid_t)-1};
    unlink(path);
    ck_assert_int_eq(log_file_open(path, &other), EPERM);
}
END_TEST

START_TEST(a_new_file_is_private)
{
    struct stat st;
    umask(0);
    ck_assert_int_eq(open_log(), 0);
    say("one");
    ck_assert(ends_with(path, "one"));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(lines_are_appended)
{
    ck_assert_int_eq(open_log(), 0);
    say("one");
    ck_assert_int_eq(open_log(), 0);
    say("two");
    ck_assert(ends_with(path, "two"));
    ck_assert_int_eq(truncate(path, 0), 0);
    say("three");
    ck_assert(ends_with(path, "three"));
}
END_TEST

START_TEST(a_renamed_file_is_left)
{
    ck_assert_int_eq(open_log(), 0);
    ck_assert_int_eq(rename(path, moved), 0);
    say("one");
    ck_assert(ends_with(moved, "one"));
    ck_assert_int_eq(open_log(), 0);
    say("two");
    ck_assert(ends_with(moved, "one"));
    ck_assert(ends_with(path, "two"));
}
END_TEST

START_TEST(the_old_file_stays)
{
    ck_assert_int_eq(open_log(), 0);
    ck_assert_int_eq(log_file_open(directory, &ours), EISDIR);
    say("one");
    ck_assert(ends_with(path, "one"));
    ck_assert_int_eq(log_file_open("/nonexistent/log", &ours), ENOENT);
    say("two");
    ck_assert(ends_with(path, "two"));
}
END_TEST

/* A file is made in its own place only, and is not given away. */
START_TEST(a_dangling_link_is_refused)
{
    ck_assert_int_eq(symlink(moved, path), 0);
    ck_assert_int_eq(open_log(), EEXIST);
    ck_assert_str_eq(log_file_fault(EEXIST), "a symbolic link to a missing file");
    ck_assert_int_lt(access(moved, F_OK), 0);
}
END_TEST

START_TEST(a_pipe_never_waits)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int error = open_log();
    ck_assert_int_eq(error, ENXIO);
    ck_assert_str_eq(log_file_fault(error), "nobody reads this pipe");
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_eq(open_log(), 0);
    uint64_t before = log_lost();
    for (int i = 0; i < 100000 && log_lost() == before; i++)
        say("much");
    ck_assert_uint_gt(log_lost(), before);
    close(reader);
    say("nobody");
}
END_TEST

START_TEST(no_standard_descriptor_is_taken)
{
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    close(STDIN_FILENO);
    ck_assert_int_eq(open_log(), 0);
    ck_assert_int_lt(fcntl(STDIN_FILENO, F_GETFD), 0);
    say("one");
    ck_assert(ends_with(path, "one"));
    dup2(saved, STDIN_FILENO);
    close(saved);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_new_file_is_private,           lines_are_appended,
        a_renamed_file_is_left,          the_old_file_stays,
        a_dangling_link_is_refused,      a_pipe_never_waits,
        no_standard_descriptor_is_taken, a_file_of_our_own_needs_no_right,
    };
    TCase *tcase = tcase_create("log_file");
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("log_file");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
