/* child: see child.h. One process starts one at a time: there is one stack. */
#include "workers/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024 };

struct child {
    const struct program *program;
    pid_t parent;
    int error; /* errno; 0: the program runs, or a signal has ended the child before */
};

/* --- in the child: no call here may take locks or memory, as these are the parent's --- */

static int default_signals(void)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};
    for (int signo = 1; signo < NSIG; signo++)
        sigaction(signo, &action, NULL); /* fails for SIGKILL and SIGSTOP */
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int take_descriptors(const struct program *program)
{
    for (int i = 0; i < program->fd_count; i++) {
        int fd = program->fds[i] < 0 ? open("/dev/null", O_RDONLY) : program->fds[i];
        if (fd < 0 || (fd == i ? fcntl(fd, F_SETFD, 0) : dup2(fd, i)) < 0)
            return -1;
    }
    return close_range((unsigned)program->fd_count, ~0U, 0);
}

/* The death signal comes first: from then on the child dies with us, stopped or not. */
static int run_program(void *arg)
{
    struct child *child = arg;
    const struct program *program = child->program;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && setpgid(0, 0) == 0 &&
        take_descriptors(program) == 0 && getppid() == child->parent && default_signals() == 0)
        execve(program->path, program->argv, program->environ);
    child->error = errno;
    _exit(127);
}

/* --- in the parent --- */

int child_start(const struct program *program, pid_t *pid)
{
    static _Alignas(16) char stack[STACK_SIZE];
    struct child child = {.program = program, .parent = getpid()};
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t born = clone(run_program, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
    int e = born < 0 ? errno : child.error;
    if (born > 0 && e)
        while (waitpid(born, NULL, 0) < 0 && errno == EINTR)
            ;
    sigprocmask(SIG_SETMASK, &before, NULL);
    *pid = e ? 0 : born;
    return e;
}
