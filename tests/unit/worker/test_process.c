/* The worker program's life: start, jobs, stop, and every way in which it ends. */
#include "common/xmalloc.h"
#include "tests/unit/suite.h"
#include "tests/unit/worker/fake_master.h"

#include <taskmaster/version.h>

#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static struct fake_master master;

static void start(void)
{
    fake_master_start(&master, make_settings("modules", ""));
}

static void start_with_test_modules(const char *more)
{
    fake_master_start(&master, make_settings("tests/modules", more));
}

static void assert_done(const struct answer *answer, const char *result)
{
    ck_assert_msg(answer->head.type == WIRE_DONE, "failed: %s %s", answer->head.name, answer->text);
    ck_assert_uint_eq(answer->head.size, strlen(result));
    ck_assert_str_eq(answer->payload, result);
}

/* Waits for the worker's end, which must not be a graceful one. */
static void assert_broken(const char *words)
{
    int status = fake_master_wait(&master);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x", (unsigned)status);
    ck_assert_msg(strstr(master.log, words) != NULL, "\"%s\" is not in the log:\n%s", words,
                  master.log);
    ck_assert_msg(strstr(master.log, "probe ends") == NULL, "fini was called");
    fake_master_free(&master);
}

/* Command line */

/* The exit status of the worker run by hand; its output is appended to `out`. */
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

/* As module.h says. */
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
    start();
    char *path = xasprintf("/proc/%d/fd", (int)master.pid);
    ck_assert_uint_eq(count_entries(path), 7); /* the master's, and a spare of stdout */
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

/* Whoever connects to the port without end may take its place before its hello is heard: the token
 * is as good as before. */
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
    shutdown(master.socket, SHUT_WR); /* and this one is an answer */
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

/* What stands in a module's global scope */

START_TEST(a_module_gets_its_own_copy_of_a_library)
{
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "own_json", "name:its own"), "its own");
    fake_master_finish(&master);
}
END_TEST

/* Libraries beside libc, and symbols that are not libc's; a sanitizer brings both. */
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

/* Jobs */

START_TEST(payloads_of_any_size_come_back)
{
    static const size_t sizes[] = {0, 1, 65399, 65400, 65536, 131071, 131072, 1000003, PAYLOAD_MAX};

    start();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *payload = xmalloc(sizes[i] + 1);
        for (size_t at = 0; at < sizes[i]; at++)
            payload[at] = (char)(at * 31 + at / 251);
        fake_master_run(&master, i + 1, "echo", payload, sizes[i]);
        const struct answer *answer = fake_master_answer(&master);
        ck_assert_uint_eq(answer->head.type, WIRE_DONE);
        ck_assert_uint_eq(answer->head.job, i + 1);
        ck_assert_uint_eq(answer->head.size, sizes[i]);
        ck_assert(memcmp(answer->payload, payload, sizes[i]) == 0);
        free(payload);
    }
    fake_master_finish(&master);
}
END_TEST

/* Checks the results that were left in slots, from job `next` on; returns the first that was not.
 */
static uint64_t results_in_slots(uint64_t next, uint64_t last)
{
    struct worker_shared *shared = (struct worker_shared *)master.page;

    for (; next <= last; next++) {
        size_t slot = next % WORKER_CLAIMS;
        char number[4] = {0};
        if (__atomic_load_n(&shared->claims[slot], __ATOMIC_ACQUIRE) !=
            claim_word(next, CLAIM_ANSWERED))
            break;
        ck_assert_uint_eq(shared->results[slot].size, 3);
        memcpy(number, shared->results[slot].data, 3);
        ck_assert_int_eq(atoi(number), (int)next);
    }
    return next;
}

START_TEST(jobs_that_arrive_together_are_answered_in_order)
{
    enum { JOBS = WORKER_CLAIMS };
    char *batch = xmalloc(JOBS * (sizeof(struct wire_head) + 3));
    size_t len = 0;

    start();
    for (uint64_t i = 1; i <= JOBS; i++) {
        struct wire_head head = make_run(i, "echo", 3);
        char payload[4];
        snprintf(payload, sizeof(payload), "%03d", (int)i);
        memcpy(batch + len, &head, sizeof(head));
        memcpy(batch + len + sizeof(head), payload, 3);
        len += sizeof(head) + 3;
    }
    fake_master_send(&master, batch, len);
    uint64_t next = 1;
    while ((next = results_in_slots(next, JOBS)) <= JOBS) {
        const struct answer *answer = fake_master_answer(&master);
        next = results_in_slots(next, JOBS); /* they are older than the message */
        if (answer->head.type == WIRE_ANSWERED)
            continue;
        ck_assert_uint_eq(answer->head.job, next);
        ck_assert_int_eq(atoi(answer->payload), (int)next);
        next++;
    }
    free(batch);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_job_that_arrives_byte_by_byte_is_whole)
{
    struct wire_head head = make_run(1, "echo", 5);

    start();
    for (size_t i = 0; i < sizeof(head); i++)
        fake_master_send(&master, (char *)&head + i, 1);
    for (size_t i = 0; i < 5; i++)
        fake_master_send(&master, &"hello"[i], 1);
    assert_done(fake_master_answer(&master), "hello");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_module_sees_its_job)
{
    start_with_test_modules("config:probe={\"depth\":[3]}\n");
    struct wire_head head = make_run(23, "probe", 2);
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, "id", 2);
    assert_done(fake_master_answer(&master), "k3f9-23");
    assert_done(fake_master_ask(&master, "probe", "config"), "{\"depth\":[3]}");
    assert_done(fake_master_ask(&master, "probe", "time"), "-1");
    head = make_run(24, "probe", 4);
    head.time_us = 60000000;
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, "time", 4);
    long left_ms = atol(fake_master_answer(&master)->payload);
    ck_assert_int_gt(left_ms, 30000);
    ck_assert_int_le(left_ms, 60000);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_job_that_was_taken_back_is_skipped)
{
    start_with_test_modules("");
    struct wire_head taken = make_run(31, "probe", 2), next = make_run(32, "probe", 2);
    ck_assert(
        claim_settle(&((struct worker_shared *)master.page)->claims[taken.slot], 31, CLAIM_TAKEN));
    fake_master_send(&master, &taken, sizeof(taken));
    fake_master_send(&master, "id", 2);
    fake_master_send(&master, &next, sizeof(next));
    fake_master_send(&master, "id", 2);
    assert_done(fake_master_answer(&master), "k3f9-32");
    ck_assert_uint_eq(((struct worker_shared *)master.page)->claims[next.slot],
                      claim_word(32, CLAIM_BEGUN));
    fake_master_finish(&master);
}
END_TEST

START_TEST(what_a_module_says_is_logged_before_the_answer)
{
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "probe", "log"), "");
    fake_master_expect_log(&master, "0000\n"); /* cut at 1024 bytes */
    ck_assert_ptr_nonnull(strstr(master.log, "printed, no newline\n\x1e<6>two\vlines\x1b[31m\n"
                                             "printed last\n\x1e<3>0000"));
    ck_assert_ptr_null(strstr(master.log, "debug"));
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_module_that_cannot_be_had_fails_its_own_job)
{
    start_with_test_modules("");
    const struct answer *answer = fake_master_ask(&master, "no_run", "");
    ck_assert_uint_eq(answer->head.type, WIRE_FAILED);
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(answer->text, "has no run function"));
    answer = fake_master_ask(&master, "missing", "");
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_UNAVAILABLE);
    assert_done(fake_master_ask(&master, "newer", ""), "newer");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_result_too_large_is_no_payload)
{
    char command[64];

    start();
    snprintf(command, sizeof(command), "big %d", PAYLOAD_MAX + 1);
    const struct answer *answer = fake_master_ask(&master, "crash", command);
    ck_assert_uint_eq(answer->head.type, WIRE_FAILED);
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_TOO_LARGE);
    ck_assert_uint_eq(answer->head.size, 0);
    snprintf(command, sizeof(command), "big %d", PAYLOAD_MAX);
    ck_assert_uint_eq(fake_master_ask(&master, "crash", command)->head.size, PAYLOAD_MAX);
    fake_master_finish(&master);
}
END_TEST

static int anonymous_kb(pid_t pid)
{
    char *rollup = read_proc(pid, "smaps_rollup");
    char *anonymous = strstr(rollup, "Anonymous:");
    ck_assert_ptr_nonnull(anonymous);
    int kb = atoi(anonymous + strlen("Anonymous:"));
    free(rollup);
    return kb;
}

/* Once it has been idle for a moment. */
static void expect_little_memory(void)
{
    time_t deadline = time(NULL) + DEADLINE_MS / 1000;

    while (!SANITIZED && anonymous_kb(master.pid) > 1536)
        ck_assert_int_lt(time(NULL), deadline);
}

START_TEST(an_idle_worker_gives_memory_back)
{
    char command[64];

    start();
    snprintf(command, sizeof(command), "big %d", PAYLOAD_MAX);
    fake_master_ask(&master, "crash", command);
    expect_little_memory();
    assert_done(fake_master_ask(&master, "echo", "again"), "again");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_large_job_that_was_taken_back_leaves_nothing)
{
    struct worker_shared *shared;

    start();
    shared = (struct worker_shared *)master.page;
    struct wire_head taken = make_run(31, "echo", PAYLOAD_MAX);
    char *payload = xcalloc(1, PAYLOAD_MAX);
    ck_assert(claim_settle(&shared->claims[taken.slot], 31, CLAIM_TAKEN));
    fake_master_send(&master, &taken, sizeof(taken));
    fake_master_send(&master, payload, PAYLOAD_MAX);
    free(payload);
    expect_little_memory();
    assert_done(fake_master_ask(&master, "echo", "again"), "again");
    fake_master_finish(&master);
}
END_TEST

START_TEST(the_stop_flag_reaches_the_module)
{
    start();
    fake_master_run(&master, 1, "crash", "stop-done", strlen("stop-done"));
    fake_master_stop(&master, 1);
    assert_done(fake_master_answer(&master), "late");
    fake_master_run(&master, 2, "crash", "stop-fail", strlen("stop-fail"));
    fake_master_stop(&master, 2);
    ck_assert_str_eq(fake_master_answer(&master)->head.name, "stopped");
    assert_done(fake_master_ask(&master, "echo", "next"), "next"); /* a flag stops one job only */
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_changed_signal_mask_does_not_outlast_its_job)
{
    start();
    assert_done(fake_master_ask(&master, "crash", "mask"), "");
    char *status = read_proc(master.pid, "status");
    ck_assert_ptr_nonnull(strstr(status, "SigBlk:\t0000000000000000"));
    free(status);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_flood_on_stdout_reaches_the_log)
{
    start();
    assert_done(fake_master_ask(&master, "crash", "flood 1000000"), "");
    shutdown(master.socket, SHUT_WR);
    ck_assert_int_eq(fake_master_wait(&master), 0);
    ck_assert_uint_eq(master.log_len, 1000000);
    fake_master_free(&master);
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
            head.size = PAYLOAD_SIZE_MAX + 1; /* a reload may have raised payload-max to that */
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
    start();
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
        start();
        fake_master_run(&master, 1, "crash", cases[i].command, strlen(cases[i].command));
        int status = fake_master_wait(&master);
        if (cases[i].status != 0)
            ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].status);
        else if (!SANITIZED) /* the sanitizer ends it in its own way */
            ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].signal);
        fake_master_free(&master);
    }
}
END_TEST

START_TEST(a_grandchild_may_hold_the_socket)
{
    start();
    fake_master_run(&master, 1, "crash", "fork-hold", strlen("fork-hold"));
    int status = fake_master_wait(&master);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_int_eq(kill(-master.pid, SIGKILL), 0); /* it went with the worker's process group */
    fake_master_free(&master);
}
END_TEST

START_TEST(sigterm_ends_it)
{
    start();
    kill(master.pid, SIGTERM);
    int status = fake_master_wait(&master);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    fake_master_free(&master);
}
END_TEST

/* Signals of others */

/* From a process that is not the master. */
static void signal_from_outside(int signo)
{
    pid_t stranger = fork();

    ck_assert_int_ge(stranger, 0);
    if (stranger == 0)
        _exit(kill(master.pid, signo) < 0);
    ck_assert_int_eq(waitpid(stranger, NULL, 0), stranger);
}

static const int heeded[] = {SIGTERM,   SIGINT,  SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                             SIGVTALRM, SIGPROF, SIGIO,  SIGPWR,  SIGXCPU, SIGXFSZ, SIGSTKFLT};

START_TEST(signals_of_others_do_not_end_it)
{
    start();
    for (size_t i = 0; i < sizeof(heeded) / sizeof(heeded[0]); i++) {
        signal_from_outside(heeded[i]);
        assert_done(fake_master_ask(&master, "echo", "idle"), "idle");
    }
    signal_from_outside(SIGRTMIN + 3);
    fake_master_run(&master, 1, "crash", "stop-done", strlen("stop-done"));
    for (size_t i = 0; i < sizeof(heeded) / sizeof(heeded[0]); i++)
        signal_from_outside(heeded[i]);
    fake_master_stop(&master, 1);
    assert_done(fake_master_answer(&master), "late");
    fake_master_finish(&master);
}
END_TEST

static void assert_ended_by(int signo)
{
    int status = fake_master_wait(&master);

    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == signo, "signal %d: status %#x", signo,
                  (unsigned)status);
    fake_master_free(&master);
}

START_TEST(signals_of_its_master_end_it)
{
    start();
    kill(-master.pid, heeded[_i]);
    assert_ended_by(heeded[_i]);
}
END_TEST

START_TEST(a_module_ends_its_worker_by_a_signal_of_its_own)
{
    char command[16];

    snprintf(command, sizeof(command), "raise %d", heeded[_i]);
    start_with_test_modules("");
    fake_master_run(&master, 1, "leave", command, strlen(command));
    assert_ended_by(heeded[_i]);
}
END_TEST

START_TEST(a_timer_of_a_module_ends_its_worker)
{
    static const struct {
        const char *command;
        int signo;
    } cases[] = {{"timer real 1 spin", SIGALRM},
                 {"timer virtual 1 spin", SIGVTALRM},
                 {"timer prof 1 spin", SIGPROF}};

    start_with_test_modules("");
    fake_master_run(&master, 1, "leave", cases[_i].command, strlen(cases[_i].command));
    assert_ended_by(cases[_i].signo);
}
END_TEST

/* What a module leaves behind */

static const char *const leavings[] = {"timer real 1000000",
                                       "timer virtual 1000000",
                                       "timer prof 1000000",
                                       "create 1",
                                       "create 200",
                                       "ignore",
                                       "umask",
                                       "chdir",
                                       "limit",
                                       "batch",
                                       "locale",
                                       "thread locale",
                                       "rounding",
                                       "nonblocking",
                                       "close-on-exec",
                                       "setenv",
                                       "putenv",
                                       "clearenv",
                                       "close 0",
                                       "close 1",
                                       "close 2",
                                       "replace 0",
                                       "replace 1",
                                       "replace 2",
                                       "buffer",
                                       "fclose",
                                       "replace 1",
                                       "wide"};

static char *state_of(const char *module)
{
    const struct answer *answer = fake_master_ask(&master, module, "show");

    ck_assert_msg(answer->head.type == WIRE_DONE, "failed: %s", answer->text);
    return xstrdup(answer->payload);
}

static void leave(const char *what)
{
    const struct answer *answer = fake_master_ask(&master, "leave", what);

    ck_assert_msg(answer->head.type == WIRE_DONE, "%s: %s", what, answer->text);
}

START_TEST(another_module_finds_the_process_as_it_was)
{
    start_with_test_modules("");
    char *before = state_of("state");
    leave(leavings[_i]);
    char *left = state_of("leave");
    ck_assert_msg(strcmp(before, left) != 0, "%s leaves nothing", leavings[_i]);
    char *after = state_of("state");
    ck_assert_str_eq(after, before);
    fake_master_expect_log(&master, "state was shown\nstate was shown\n");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    free(before);
    free(left);
    free(after);
    fake_master_finish(&master);
}
END_TEST

START_TEST(what_is_left_by_a_system_call_is_put_back)
{
    start_with_test_modules("");
    char *before = state_of("state");
    assert_done(fake_master_ask(&master, "raw_call", ""), "");
    char *after = state_of("state");
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
    fake_master_finish(&master);
}
END_TEST

START_TEST(all_that_is_left_behind_is_put_back_together)
{
    start_with_test_modules("");
    char *before = state_of("state");
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(leavings) / sizeof(leavings[0]); i++)
            leave(leavings[i]);
        char *after = state_of("state");
        ck_assert_str_eq(after, before);
        free(after);
    }
    free(before);
    fake_master_finish(&master);
}
END_TEST

START_TEST(what_init_has_set_up_is_the_modules_own)
{
    start_with_test_modules("preload=leave\nconfig:leave=[\"own\"]\n");
    char *own = state_of("leave");
    ck_assert_ptr_nonnull(strstr(own, "OWN=yes"));
    ck_assert_ptr_nonnull(strstr(own, "; 123 in "));
    ck_assert_ptr_nonnull(strstr(own, "C (UTF-8)"));
    char *other = state_of("state");
    ck_assert_ptr_null(strstr(other, "OWN=yes"));
    ck_assert_ptr_null(strstr(other, "; 123 in "));
    for (size_t i = 0; i < sizeof(leavings) / sizeof(leavings[0]); i++) {
        leave(leavings[i]);
        char *again = state_of("state");
        ck_assert_str_eq(again, other);
        free(again);
        again = state_of("leave");
        ck_assert_str_eq(again, own);
        free(again);
    }
    free(own);
    free(other);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_timer_does_not_reach_the_next_module)
{
    start_with_test_modules("");
    leave("timer virtual 100");
    leave("timer prof 100");
    fake_master_run(&master, 1, "probe", "spin 300", strlen("spin 300"));
    assert_done(fake_master_answer(&master), "");
    fake_master_finish(&master);
}
END_TEST

/* Children of a module */

START_TEST(a_child_that_returns_ends_there)
{
    static const char *const births[] = {"fork", "_fork", "clone"};

    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "leave", births[_i]), "parent of 70");
    fake_master_expect_log(&master, "<3>module leave: process ");
    fake_master_expect_log(&master, "returned from run(), as if it were the worker");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1"); /* by the worker, and once */
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_child_that_returns_from_another_hook_ends_there)
{
    start_with_test_modules("preload=leave\nconfig:leave=[\"init\",\"fini\"]\n");
    fake_master_expect_log(&master, "<6>said by a child of init\n");
    fake_master_expect_log(&master, "returned from init(), as if it were the worker");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    shutdown(master.socket, SHUT_WR);
    ck_assert_int_eq(fake_master_wait(&master), 0);
    ck_assert_ptr_nonnull(strstr(master.log, "returned from fini(), as if it were the worker"));
    ck_assert_ptr_null(strstr(strstr(master.log, "probe ends") + 1, "probe ends"));
    fake_master_free(&master);
}
END_TEST

START_TEST(a_child_may_use_the_functions_of_its_job)
{
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "leave", "log"), "parent");
    fake_master_expect_log(&master, "<6>said by a child\n");
    fake_master_expect_log(&master, "the worker's own line\n");
    ck_assert_ptr_eq(strstr(strstr(master.log, "own") + 1, "own"), NULL); /* once */
    fake_master_finish(&master);
}
END_TEST

/* The master's death */

/* What the worker is doing when its master dies; waits until it does. */
static void be_idle(void)
{
}

static void be_stopped(void)
{
    int status;

    kill(master.pid, SIGSTOP);
    ck_assert_int_eq(waitpid(master.pid, &status, WUNTRACED), master.pid);
    ck_assert(WIFSTOPPED(status));
}

/* Waits until the worker has used processor time that only the endless loop can need. */
static void await_loop(void)
{
    unsigned long ticks = 0;

    while (ticks < 20) {
        char *stat = read_proc(master.pid, "stat");
        ck_assert_int_eq(
            sscanf(strrchr(stat, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", &ticks),
            1);
        free(stat);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void be_looping(void)
{
    fake_master_run(&master, 1, "crash", "loop", strlen("loop"));
    await_loop();
}

static void be_looping_deaf(void)
{
    fake_master_run(&master, 1, "crash", "loop-term", strlen("loop-term"));
    await_loop();
}

/* Without a death signal, and without any that could be caught. */
static void become(const char *command)
{
    fake_master_run(&master, 1, "leave", command, strlen(command));
    await_loop();
}

static void be_of_another_group(void)
{
    become("become egid");
}

static void be_another_user(void)
{
    become("become uid");
}

static void be_another_user_stopped(void)
{
    be_another_user();
    be_stopped();
}

static void (*const pastimes[])(void) = {be_idle,
                                         be_stopped,
                                         be_looping,
                                         be_looping_deaf,
                                         be_of_another_group,
                                         be_another_user,
                                         be_another_user_stopped};

/* The master is a process of its own here, so that it can be killed. */
START_TEST(it_is_gone_within_a_second_of_its_master)
{
    int told[2];
    pid_t worker;

    if (_i >= 4 && geteuid() != 0)
        return;

    /* The worker is to be reaped here and not by whatever is process 1. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    ck_assert_int_eq(pipe(told), 0);
    pid_t doomed = fork();
    ck_assert_int_ge(doomed, 0);
    if (doomed == 0) {
        if (_i < 4)
            start();
        else
            start_with_test_modules("");
        pastimes[_i]();
        ck_assert_int_eq(write(told[1], &master.pid, sizeof(master.pid)), sizeof(master.pid));
        for (;;)
            pause();
    }
    close(told[1]);
    ck_assert_int_eq(read(told[0], &worker, sizeof(worker)), sizeof(worker));
    close(told[0]);
    int worker_fd = pidfd_open(worker, 0);
    ck_assert_int_ge(worker_fd, 0);
    ck_assert(!ended_within(worker_fd, 0));
    ck_assert_int_eq(kill(doomed, SIGKILL), 0);
    ck_assert(ended_within(worker_fd, 1000));
    ck_assert_int_eq(waitpid(doomed, NULL, 0), doomed);
    ck_assert_int_eq(waitpid(worker, NULL, 0), worker);
    close(worker_fd);
}
END_TEST

START_TEST(it_does_not_outlive_a_master_that_died_meanwhile)
{
    int life[2];
    int status;
    char *path = build_path("taskmaster-worker");

    ck_assert_int_eq(pipe(life), 0);
    close(life[1]); /* as the death of the only writer does */
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(life[0], WORKER_LIFE_FD);
        execl(path, "taskmaster-worker", (char *)NULL);
        _exit(99);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EX_UNAVAILABLE);
    close(life[0]);
    free(path);
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
    tcase_add_test(tc, payloads_of_any_size_come_back);
    tcase_add_test(tc, jobs_that_arrive_together_are_answered_in_order);
    tcase_add_test(tc, a_job_that_arrives_byte_by_byte_is_whole);
    tcase_add_test(tc, a_module_sees_its_job);
    tcase_add_test(tc, a_job_that_was_taken_back_is_skipped);
    tcase_add_test(tc, what_a_module_says_is_logged_before_the_answer);
    tcase_add_test(tc, a_module_that_cannot_be_had_fails_its_own_job);
    tcase_add_test(tc, a_result_too_large_is_no_payload);
    tcase_add_test(tc, an_idle_worker_gives_memory_back);
    tcase_add_test(tc, a_large_job_that_was_taken_back_leaves_nothing);
    tcase_add_test(tc, the_stop_flag_reaches_the_module);
    tcase_add_test(tc, a_changed_signal_mask_does_not_outlast_its_job);
    tcase_add_test(tc, a_flood_on_stdout_reaches_the_log);
    tcase_add_test(tc, end_of_input_is_a_graceful_end);
    tcase_add_test(tc, broken_messages_end_it);
    tcase_add_test(tc, a_message_cut_short_ends_it);
    tcase_add_test(tc, closed_descriptors_cost_its_own_process);
    tcase_add_test(tc, a_crash_is_the_process_own_death);
    tcase_add_test(tc, a_grandchild_may_hold_the_socket);
    tcase_add_test(tc, sigterm_ends_it);
    tcase_add_test(tc, signals_of_others_do_not_end_it);
    tcase_add_loop_test(tc, signals_of_its_master_end_it, 0, sizeof(heeded) / sizeof(heeded[0]));
    tcase_add_loop_test(tc, a_module_ends_its_worker_by_a_signal_of_its_own, 0,
                        sizeof(heeded) / sizeof(heeded[0]));
    tcase_add_loop_test(tc, a_timer_of_a_module_ends_its_worker, 0, 3);
    tcase_add_loop_test(tc, another_module_finds_the_process_as_it_was, 0,
                        sizeof(leavings) / sizeof(leavings[0]));
    tcase_add_test(tc, what_is_left_by_a_system_call_is_put_back);
    tcase_add_test(tc, all_that_is_left_behind_is_put_back_together);
    tcase_add_test(tc, what_init_has_set_up_is_the_modules_own);
    tcase_add_test(tc, a_timer_does_not_reach_the_next_module);
    tcase_add_loop_test(tc, a_child_that_returns_ends_there, 0, 3);
    tcase_add_test(tc, a_child_that_returns_from_another_hook_ends_there);
    tcase_add_test(tc, a_child_may_use_the_functions_of_its_job);
    tcase_add_loop_test(tc, it_is_gone_within_a_second_of_its_master, 0,
                        sizeof(pastimes) / sizeof(pastimes[0]));
    tcase_add_test(tc, it_does_not_outlive_a_master_that_died_meanwhile);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
