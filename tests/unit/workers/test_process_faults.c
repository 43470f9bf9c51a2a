/* test_process_faults: a worker's process leaves nothing if its start fails. */
#include "workers/process.h"

#include "tests/unit/faults.h"
#include "tests/unit/support.h"
#include "workers/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
WRAP(int, ftruncate, (int fd, off_t len), (fd, len), -1)
WRAP(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t from),
     (at, len, prot, flags, fd, from), MAP_FAILED)
WRAP(int, pipe2, (int fds[2], int flags), (fds, flags), -1)
WRAP(int, setpgid, (pid_t pid, pid_t group), (pid, group), -1)
WRAP(int, dup2, (int from, int to), (from, to), -1)
WRAP(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags), -1)
WRAP(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage),
     (pid, status, options, usage), -1)
WRAP(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), (type, id, info, options),
     -1)
WRAP_VARIADIC(fcntl, (int fd, int command, long arg), (fd, command, arg))
WRAP_VARIADIC(prctl, (int option, unsigned long arg), (option, arg))
WRAP_VARIADIC(open, (const char *path, int flags), (path, flags))
WRAP_VARIADIC(clone, (int (*run)(void *), void *stack, int flags, void *arg),
              (run, stack, flags, arg))

static int stops_before_exec = -1; /* descriptor for the pid; -1: no stop */

int __real_execve(const char *path, char *const argv[], char *const env[]);
int __wrap_execve(const char *path, char *const argv[], char *const env[]);
int __wrap_execve(const char *path, char *const argv[], char *const env[])
{
    if (fails("execve"))
        return -1;
    if (stops_before_exec >= 0) {
        pid_t pid = getpid();
        ck_assert_int_eq(write(stops_before_exec, &pid, sizeof pid), sizeof pid);
        kill(pid, SIGSTOP); /* raise() would look up the parent's thread */
    }
    return __real_execve(path, argv, env);
}

static const char *const start_calls[] = {
    "memfd_create", "ftruncate", "fcntl", "mmap",        "pipe2",
    "clone",        "prctl", /* from here on in the child; it shares our memory until execve() */
    "setpgid",      "open",      "dup2",  "close_range", "execve",
};

static bool start_fails(const char *call, int nth)
{
    static char *no_environ[] = {NULL};
    const struct worker_process_env env = {
        .path = "/bin/true", .environ = no_environ, .life_fd = 0};
    const uint8_t token[TOKEN_BYTES] = {1};
    struct worker_process proc;
    set_fault(call, nth, ENOMEM);
    const struct worker_process_own own = {.worker = 1, .token = token};
    int rc = worker_process_start(&proc, &env, &own), e = errno;
    if (take_fault()) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(e, ENOMEM);
        ck_assert_int_eq(proc.output_fd, -1);
        ck_assert_ptr_null(proc.shared);
        ck_assert(!has_child());
        return true;
    }
    ck_assert_int_eq(rc, 0);
    ck_assert_int_eq(worker_process_reap_pid(proc.pid), 0);
    worker_process_close(&proc);
    return false;
}

START_TEST(test_a_start_that_fails_leaves_nothing)
{
    int files = open_files(), nth = 1;
    for (; start_fails(start_calls[_i], nth); nth++)
        ck_assert_int_eq(open_files(), files);
    ck_assert_int_gt(nth, 1);
    ck_assert_int_eq(open_files(), files);
}
END_TEST

/* Returns the state of a process from /proc; 0 if there is no such process. */
static char state_of(pid_t pid)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    ck_assert_int_ge(fscanf(file, "%*d (%*[^)]) %c", &state), 0);
    fclose(file);
    return state;
}

static void await_state(pid_t pid, const char *states)
{
    for (int ms = 0; ms < 10000; ms++) {
        char state = state_of(pid);
        if (state ? strchr(states, state) != NULL : strchr(states, '-') != NULL)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    ck_abort_msg("process %d is never in one of the states %s", (int)pid, states);
}

/* A child goes with its parent in any case, also before it runs its program. */
START_TEST(test_a_child_that_was_stopped_at_once_goes_with_its_parent)
{
    char name[] = "sleep", seconds[] = "1000";
    char *argv[] = {name, seconds, NULL}, *no_environ[] = {NULL};
    int told[2];
    pid_t child = 0, pid;
    ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
    const int fds[] = {-1, told[1]};
    const struct program sleep = {
        .path = "/bin/sleep", .argv = argv, .environ = no_environ, .fds = fds, .fd_count = 2};
    pid_t parent = fork();
    if (parent == 0) {
        stops_before_exec = STDOUT_FILENO;
        child_start(&sleep, &pid);
        _exit(1);
    }
    ck_assert_int_eq(read(told[0], &child, sizeof child), sizeof child);
    await_state(child, "T");
    kill(parent, SIGKILL);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    await_state(child, "-ZX");
    close(told[0]);
    close(told[1]);
}
END_TEST

/* A signal during the wait changes nothing; and without children there is no dead one. */
START_TEST(test_reaping_goes_on_after_a_signal)
{
    ck_assert_int_eq(worker_process_next_dead(), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    set_fault("waitid", 1, EINTR);
    ck_assert_int_eq(worker_process_next_dead(), pid);
    ck_assert(take_fault());
    set_fault("wait4", 1, EINTR);
    int status = worker_process_reap_pid(pid);
    ck_assert(take_fault());
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("process_faults");
    TCase *tc = tcase_create("process_faults");
    tcase_add_loop_test(tc, test_a_start_that_fails_leaves_nothing, 0, SUPPORT_COUNT(start_calls));
    tcase_add_test(tc, test_a_child_that_was_stopped_at_once_goes_with_its_parent);
    tcase_add_test(tc, test_reaping_goes_on_after_a_signal);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
