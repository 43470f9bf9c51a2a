/* A daemon as this machine knows it. This program plays the daemon, too: with -T it prints its
 * arguments as settings, with other arguments it sleeps. */
#include "client/local/daemon.h"

#include "tests/unit/suite.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

/* Returns once the process has these arguments. */
static void begin(char *const argv[])
{
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
}

static void end(void)
{
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

static void assert_arguments(char *const argv[], const char *expected)
{
    struct local_daemon daemon;
    begin(argv);
    local_daemon_open(&daemon, "test_daemon", child);
    ck_assert_ptr_nonnull(daemon.settings);
    ck_assert_str_eq(local_daemon_text(&daemon, "arguments"), expected);
    local_daemon_close(&daemon);
    end();
}

START_TEST(settings_of_a_process)
{
    assert_arguments((char *[]){"test_daemon", "--a=1", "-c", "/nonexistent", NULL},
                     "-T --a=1 -c /nonexistent");
}
END_TEST

/* -T would be its file, and a daemon would run with the arguments of a stranger. */
START_TEST(a_file_option_at_the_end)
{
    assert_arguments((char *[]){"test_daemon", "--a=1", "-c", NULL}, "-T --a=1 -c");
}
END_TEST

/* Each relative path of the daemon begins there. */
START_TEST(in_the_directory_of_the_process)
{
    struct local_daemon daemon;
    char own[PATH_MAX];
    ck_assert_ptr_nonnull(getcwd(own, sizeof own));
    ck_assert_int_eq(chdir("/usr"), 0);
    begin((char *[]){"test_daemon", "-c", "own.conf", NULL});
    ck_assert_int_eq(chdir(own), 0);
    local_daemon_open(&daemon, "test_daemon", child);
    ck_assert_str_eq(local_daemon_text(&daemon, "directory"), "/usr");
    ck_assert_str_eq(local_daemon_text(&daemon, "arguments"), "-T -c own.conf");
    ck_assert_str_eq(local_daemon_text(&daemon, "token-file"), "/usr/own/tokens");
    ck_assert_str_eq(local_daemon_text(&daemon, "access-file"), "/etc/access");
    ck_assert_str_eq(local_daemon_text(&daemon, "log-file"), "");
    local_daemon_close(&daemon);
    end();
}
END_TEST

/* Nobody but root and its user may enter the directory by way of the process. */
START_TEST(a_relative_file_of_another_user)
{
    struct local_daemon daemon;
    int status;
    if (geteuid() != 0)
        return;
    begin((char *[]){"test_daemon", "-c", "own.conf", NULL});
    pid_t other = fork();
    if (other == 0) {
        bool is_other = setresuid(65534, 65534, 65534) == 0;
        local_daemon_open(&daemon, "test_daemon", child);
        _exit(!is_other || daemon.pid != child || daemon.settings);
    }
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    ck_assert_int_eq(status, 0);
    end();
}
END_TEST

static int play(int argc, char *argv[])
{
    if (strcmp(argv[1], "-T") != 0) {
        prctl(PR_SET_NAME, "test_daemon"); /* not "exe" */
        if (write(STDOUT_FILENO, "+", 1) == 1)
            pause();
        return 1;
    }
    char dir[PATH_MAX];
    printf("{\"directory\":\"%s\",\"arguments\":\"", getcwd(dir, sizeof dir));
    for (int i = 1; i < argc; i++)
        printf("%s%s", i > 1 ? " " : "", argv[i]);
    printf("\",\"token-file\":\"own/tokens\",\"access-file\":\"/etc/access\",\"log-file\":\"\"}\n");
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc > 1)
        return play(argc, argv);
    TCase *tcase = tcase_create("daemon");
    tcase_add_test(tcase, settings_of_a_process);
    tcase_add_test(tcase, a_file_option_at_the_end);
    tcase_add_test(tcase, in_the_directory_of_the_process);
    tcase_add_test(tcase, a_relative_file_of_another_user);
    Suite *suite = suite_create("local daemon");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
