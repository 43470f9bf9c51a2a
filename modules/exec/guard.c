/* guard: see guard.h. Between fork and exec only async-signal-safe calls are made: another module
 * may have threads in the worker, and nobody here would ever release their locks. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    END_MOMENT_NS = 5000000, /* between two looks for remaining processes, if none ends meanwhile */
    END_ROUNDS = 20,
};

static void tell(int status_fd, struct guard_message message)
{
    /* Without a reader, the worker is dead and nobody needs the message. The guard must still end
     * the command's processes. */
    if (write(status_fd, &message, sizeof(message)) < 0)
        return;
}

_Noreturn static void fail_to_start(int status_fd)
{
    tell(status_fd, (struct guard_message){.error = errno});
    _exit(127);
}

/* Leaves the guard only the command's descriptors and the status pipe. The worker's socket in the
 * guard would keep a dead worker's connection to the master open. */
static int place_descriptors(struct guard_start *s)
{
    /* Move all out of the way first: one descriptor may have the number of another. */
    for (int i = 0; i <= GUARD_STATUS_FD; i++) {
        int fd = fcntl(s->fd[i], F_DUPFD, GUARD_STATUS_FD + 1);
        if (fd < 0)
            return -1;
        s->fd[i] = fd;
    }
    for (int i = 0; i <= GUARD_STATUS_FD; i++) {
        if (dup2(s->fd[i], i) < 0)
            return -1;
    }
    s->fd[GUARD_STATUS_FD] = GUARD_STATUS_FD;
    return close_range(GUARD_STATUS_FD + 1, ~0U, 0);
}

/* All signals were blocked before the fork and remain so. */
static int become_guard(struct guard_start *s)
{
    prctl(PR_SET_NAME, "exec-guard");
    if (setpgid(0, 0) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return -1;
    /* If the worker died before the signal was armed, the parent is another process. */
    if (getppid() != s->worker)
        _exit(127);
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        signal(signal_number, SIG_DFL);
    return place_descriptors(s);
}

_Noreturn static void run_program(const struct guard_start *s, pid_t guard)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guard)
        _exit(127);
    /* Fails if the group is gone, but then the worker is gone, too, and nobody reads the
     * message. */
    if (setpgid(0, s->group) == 0 && close_range(GUARD_STATUS_FD, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): check_commands() saw to it */
        execv(s->argv[0], s->argv);
    }
    fail_to_start(GUARD_STATUS_FD);
}

/* Reaps ended children. Returns true, with the wait status, if the command was among them. */
static bool reap_ended(pid_t command, int *status)
{
    pid_t pid;

    while ((pid = waitpid(-1, status, WNOHANG)) > 0) {
        if (pid == command)
            return true;
    }
    return false;
}

/* Ignores strangers: a service manager may signal all processes of the daemon, and a command is to
 * finish while the daemon drains. The death signal bears the worker's pid, too. */
static bool is_from_worker(const siginfo_t *info, pid_t worker)
{
    return info->si_pid == worker || getppid() != worker;
}

/* Returns true with the wait status of the command, or false if the worker wants a stop or is
 * dead. */
static bool await_end(pid_t command, pid_t worker, int *status)
{
    siginfo_t info;
    sigset_t awaited;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    for (;;) {
        if (sigwaitinfo(&awaited, &info) == SIGTERM && is_from_worker(&info, worker))
            return false;
        if (reap_ended(command, status))
            return true;
    }
}

/* Kills a child. Returns false if `pid` is no child (a /proc of another pid namespace has other
 * numbers) or cannot be killed (after a change of its user). */
static bool kill_child(pid_t pid)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           kill(pid, SIGKILL) == 0;
}

/* Returns how many children were killed; 0 also where /proc has no list. While children come and
 * go, the kernel may leave some out of the list. */
static int kill_children(void)
{
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    char data[1024];
    ssize_t len;
    pid_t pid = 0;
    int killed = 0;

    while (fd >= 0 && (len = read(fd, data, sizeof(data))) > 0) {
        for (ssize_t i = 0; i < len; i++) { /* each number is followed by a space */
            if (data[i] >= '0' && data[i] <= '9') {
                pid = 10 * pid + (data[i] - '0');
            } else {
                killed += kill_child(pid);
                pid = 0;
            }
        }
    }
    if (fd >= 0)
        close(fd);
    return killed;
}

/* Returns false once no child is left. */
static bool reap_all(void)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        ;
    return pid == 0;
}

/* Kills everything below the guard; `command` is 0 if reaped already. Killing one generation makes
 * the next one our children. A round without a kill may be bad luck; END_ROUNDS of them mean:
 * nobody can be killed. */
static void end_all(pid_t command)
{
    const struct timespec moment = {.tv_nsec = END_MOMENT_NS};
    sigset_t awaited;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    if (command > 0)
        kill(command, SIGKILL);
    for (int in_vain = 0; in_vain < END_ROUNDS; in_vain++) {
        if (kill_children() > 0)
            in_vain = 0;
        if (!reap_all())
            return;
        sigtimedwait(&awaited, NULL, &moment);
    }
}

_Noreturn static void guard_command(struct guard_start *s)
{
    pid_t self = getpid();
    int status;

    if (become_guard(s) < 0)
        fail_to_start(s->fd[GUARD_STATUS_FD]);
    pid_t command = _Fork(); /* fork() takes locks */
    if (command == 0)
        run_program(s, self);
    if (command < 0)
        fail_to_start(GUARD_STATUS_FD);
    bool ended = await_end(command, s->worker, &status);
    if (ended)
        tell(GUARD_STATUS_FD, (struct guard_message){.status = status});
    end_all(ended ? 0 : command);
    _exit(0);
}

/* Signals stay blocked across fork(): a handler of a module must not run in the child. */
pid_t guard_fork(struct guard_start *s)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        guard_command(s);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}
