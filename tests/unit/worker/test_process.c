/* The life of the worker program: command line, start, and every kind of end. */
#include "common/xmalloc.h"
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <taskmaster/version.h>

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Command line */

/* Runs the worker by hand. Returns its exit status, and its output in `out`. */
static int run_by_hand(const char *arguments, char out[4096])
{
    char *worker = build_path("taskmaster-worker");
    char *command = xasprintf("%s %s 2>&1 3<&- 4<&-", worker, arguments);
    FILE *in = popen(command, "r");

    ck_assert_ptr_nonnull(in);
    out[fread(out, 1, 4095, in)] = '\0';
    int status = pclose(in);
    free(command);
    free(worker);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(by_hand_it_says_who_starts_it)
{
    char out[4096];

    ck_assert_int_eq(run_by_hand("", out), 64);
    ck_assert_ptr_nonnull(strstr(out, "this program is started by the master"));
    ck_assert_int_eq(run_by_hand("--nonsense", out), 64);
    ck_assert_ptr_nonnull(strstr(out, "--nonsense"));
    ck_assert_int_eq(run_by_hand("--version", out), 0);
    ck_assert_str_eq(out, "taskmaster-worker " TASKMASTER_VERSION "\n");
    ck_assert_int_eq(run_by_hand("--help", out), 0);
    ck_assert_ptr_nonnull(strstr(out, "--check-module FILE"));
}
END_TEST

START_TEST(check_module_says_ok_or_why_not)
{
    char out[4096];
    char *echo = build_path("modules/echo.so");
    char *no_run = build_path("tests/modules/no_run.so");
    char *arguments = xasprintf("--check-module %s", echo);

    ck_assert_int_eq(run_by_hand(arguments, out), 0);
    ck_assert_str_eq(out, "ok echo 1.0\n");
    free(arguments);
    arguments = xasprintf("--check-module %s", no_run);
    ck_assert_int_eq(run_by_hand(arguments, out), 1);
    ck_assert_ptr_nonnull(strstr(out, "has no run function"));
    free(arguments);
    free(echo);
    free(no_run);
}
END_TEST

/* As promised by module.h. */
START_TEST(no_settings_are_an_empty_object)
{
    char out[4096];
    char *probe = build_path("tests/modules/probe.so");
    char *arguments = xasprintf("--check-module %s --init </dev/null", probe);

    ck_assert_int_eq(run_by_hand(arguments, out), 0);
    ck_assert_str_eq(out, "probe begins with {}\nprobe ends\nok probe 1.0\n");
    free(arguments);
    free(probe);
}
END_TEST

/* Start */

static size_t count_entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);

    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

START_TEST(it_keeps_nothing_but_stdio_socket_and_pipes)
{
    start_worker();
    char *path = xasprintf("/proc/%d/fd", (int)master.pid);
    ck_assert_uint_eq(count_entries(path),
                      7); /* 0 to 2, socket, two of the life pipe, spare of stdout */
    char *limits = read_proc(master.pid, "limits");
    ck_assert_ptr_nonnull(strstr(limits, "Max open files            200 "));
    char *arguments = read_proc(master.pid, "cmdline");
    ck_assert_str_eq(arguments, "taskmaster-worker");
    free(arguments);
    free(limits);
    free(path);
    fake_master_finish(&master);
}
END_TEST

START_TEST(its_environment_is_scrubbed)
{
    setenv("LD_LIBRARY_PATH", "/nonexistent", 1);
    setenv("MALLOC_ARENA_MAX", "1", 1);
    setenv("GCONV_PATH", "/nonexistent", 1);
    setenv("NIS_PATH", "/nonexistent", 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("NOTIFY_SOCKET", "/nonexistent", 1);
    setenv("KEPT", "yes", 1);
    fake_master_start(&master, make_settings("modules", "config:exec={\"commands\":"
                                                        "{\"env\":[\"/usr/bin/env\"]}}\n"));
    const struct answer *answer = fake_master_ask(&master, "exec", "env");
    ck_assert_uint_eq(answer->head.type, WIRE_DONE);
    ck_assert_ptr_nonnull(strstr(answer->payload, "KEPT=yes\n"));
    ck_assert_ptr_null(strstr(answer->payload, "/nonexistent"));
    ck_assert_ptr_null(strstr(answer->payload, "MALLOC_"));
    ck_assert_ptr_null(strstr(answer->payload, "LISTEN_FDS"));
    fake_master_finish(&master);
}
END_TEST

START_TEST(preload_loads_first_and_a_failure_costs_nothing)
{
    start_with_test_modules("preload=probe\npreload=no_run\npreload=../x\n");
    fake_master_expect_log(&master, "<4>probe begins with {}\n");
    fake_master_expect_log(&master, "<3>preload: ");
    fake_master_expect_log(&master, "has no run function");
    fake_master_expect_log(&master, "<3>preload: \"../x\" is not a module's name\n");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_master_of_another_release_is_refused)
{
    fake_master_spawn(&master);
    fake_master_accept(&master);
    fake_master_welcome(&master, "0.0.9", "{}");
    assert_broken("<3>the master is release 0.0.9 and this worker " TASKMASTER_VERSION);
}
END_TEST

/* Strangers flooding the port may get the worker's connection reset before its hello is heard; the
 * token is still good. */
START_TEST(a_connection_that_is_reset_is_made_anew)
{
    const struct linger at_once = {.l_onoff = 1};

    fake_master_spawn(&master);
    for (int i = 0; i < 3; i++) {
        fake_master_accept(&master);
        ck_assert_int_eq(
            setsockopt(master.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
        close(master.socket);
    }
    fake_master_accept(&master);
    shutdown(master.socket, SHUT_WR); /* an orderly end is an answer */
    assert_broken("closed the connection instead of welcoming");
}
END_TEST

START_TEST(broken_settings_are_refused)
{
    fake_master_spawn(&master);
    fake_master_accept(&master);
    fake_master_welcome(&master, TASKMASTER_VERSION, "boot=b\n");
    assert_broken("<3>the master's settings are broken: boot b, module_dir (none)");
}
END_TEST

START_TEST(a_master_that_does_not_welcome_it_is_left)
{
    fake_master_spawn(&master);
    fake_master_accept(&master);
    shutdown(master.socket, SHUT_WR);
    assert_broken("closed the connection instead of welcoming");
}
END_TEST

/* A module's global scope */

START_TEST(a_module_gets_its_own_copy_of_a_library)
{
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "own_json", "name:its own"), "its own");
    fake_master_finish(&master);
}
END_TEST

/* Only libc may be linked, and no symbol exported; a sanitizer does both. */
START_TEST(it_links_and_exports_nothing_that_a_module_could_meet)
{
    char *worker = build_path("taskmaster-worker");
    char *command = xasprintf("objdump -p %s | grep NEEDED | grep -v ' libc\\.so\\.' | "
                              "grep -Ev ' (lib(dl|pthread)|ld-linux[^ ]*)\\.so\\.'; "
                              "nm -D --defined-only %s | grep -v '@GLIBC'",
                              worker, worker);
    char line[256] = "";
    FILE *in = popen(command, "r");

    ck_assert_ptr_nonnull(in);
    if (fgets(line, sizeof(line), in) != NULL && !SANITIZED)
        ck_abort_msg("a module would meet: %s", line);
    pclose(in);
    free(command);
    free(worker);
}
END_TEST

/* Ends */

START_TEST(end_of_input_is_a_graceful_end)
{
    start_with_test_modules("");
    fake_master_ask(&master, "probe", "id");
    shutdown(master.socket, SHUT_WR);
    ck_assert_int_eq(fake_master_wait(&master), 0);
    ck_assert_ptr_nonnull(strstr(master.log, "probe ends\n"));
    fake_master_free(&master);
}
END_TEST

START_TEST(broken_messages_end_it)
{
    static const char *const words[] = {
        "its magic number is wrong",
        "its name is not terminated",
        "it has a text",
        "its payload is larger than payload-max",
        "type 5",
        "name ../echo",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct wire_head head = make_run(1, i == 5 ? "../echo" : "echo", 0);
        if (i == 0)
            head.magic++;
        else if (i == 1)
            memset(head.name, 'x', sizeof(head.name));
        else if (i == 2)
            head.text_len = 1;
        else if (i == 3)
            head.size = PAYLOAD_SIZE_MAX + 1; /* larger than any payload-max */
        else if (i == 4)
            head.type = WIRE_DONE;
        start_with_test_modules("preload=probe\n");
        fake_master_send(&master, &head, sizeof(head));
        assert_broken(words[i]);
    }
}
END_TEST

START_TEST(a_message_cut_short_ends_it)
{
    static const size_t lengths[] = {1, sizeof(struct wire_head) - 1, sizeof(struct wire_head),
                                     sizeof(struct wire_head) + 1};
    char message[sizeof(struct wire_head) + 2] = {0};
    struct wire_head head = make_run(1, "echo", 2);

    memcpy(message, &head, sizeof(head));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        start_with_test_modules("preload=probe\n");
        fake_master_send(&master, message, lengths[i]);
        shutdown(master.socket, SHUT_WR);
        assert_broken("<3>the master's message ends");
    }
}
END_TEST

START_TEST(closed_descriptors_cost_its_own_process)
{
    start_worker();
    fake_master_run(&master, 1, "crash", "closefds", strlen("closefds"));
    int status = fake_master_wait(&master);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    fake_master_free(&master);
}
END_TEST

START_TEST(a_crash_is_the_process_own_death)
{
    static const struct {
        const char *command;
        int signal;
        int status;
    } cases[] = {
        {"segv", SIGSEGV, 0}, {"abort", SIGABRT, 0}, {"fpe", SIGFPE, 0},
        {"kill", SIGKILL, 0}, {"exit 3", 0, 3},      {"_exit 4", 0, 4},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start_worker();
        fake_master_run(&master, 1, "crash", cases[i].command, strlen(cases[i].command));
        int status = fake_master_wait(&master);
        if (cases[i].status != 0)
            ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].status);
        else if (!SANITIZED) /* a sanitizer ends the process in its own way */
            ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].signal);
        fake_master_free(&master);
    }
}
END_TEST

START_TEST(a_grandchild_may_hold_the_socket)
{
    start_worker();
    fake_master_run(&master, 1, "crash", "fork-hold", strlen("fork-hold"));
    int status = fake_master_wait(&master);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_int_eq(kill(-master.pid, SIGKILL),
                     0); /* the grandchild is in the worker's process group */
    fake_master_free(&master);
}
END_TEST

START_TEST(sigterm_ends_it)
{
    start_worker();
    kill(master.pid, SIGTERM);
    int status = fake_master_wait(&master);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    fake_master_free(&master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker process");
    TCase *tc = tcase_create("process");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_test(tc, by_hand_it_says_who_starts_it);
    tcase_add_test(tc, check_module_says_ok_or_why_not);
    tcase_add_test(tc, no_settings_are_an_empty_object);
    tcase_add_test(tc, it_keeps_nothing_but_stdio_socket_and_pipes);
    tcase_add_test(tc, its_environment_is_scrubbed);
    tcase_add_test(tc, preload_loads_first_and_a_failure_costs_nothing);
    tcase_add_test(tc, a_master_of_another_release_is_refused);
    tcase_add_test(tc, a_connection_that_is_reset_is_made_anew);
    tcase_add_test(tc, broken_settings_are_refused);
    tcase_add_test(tc, a_master_that_does_not_welcome_it_is_left);
    tcase_add_test(tc, a_module_gets_its_own_copy_of_a_library);
    tcase_add_test(tc, it_links_and_exports_nothing_that_a_module_could_meet);
    tcase_add_test(tc, end_of_input_is_a_graceful_end);
    tcase_add_test(tc, broken_messages_end_it);
    tcase_add_test(tc, a_message_cut_short_ends_it);
    tcase_add_test(tc, closed_descriptors_cost_its_own_process);
    tcase_add_test(tc, a_crash_is_the_process_own_death);
    tcase_add_test(tc, a_grandchild_may_hold_the_socket);
    tcase_add_test(tc, sigterm_ends_it);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
