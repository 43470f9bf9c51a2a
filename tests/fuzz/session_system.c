/* session_system: see session_system.h. */
#include "session_system.h"

#include "common/log.h"
#include "jobs/module_dir.h"
#include "workers/child.h"
#include "workers/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct proc procs[PROCS];
size_t proc_count;
uint64_t clock_now_us;
unsigned starts_that_fail;

static const struct pools *pools; /* the master's */
static int pipe_end;              /* the writing end of the last pipe */

void system_reset(const struct pools *of_master)
{
    pools = of_master;
    clock_now_us = 1000000;
    proc_count = starts_that_fail = 0;
}

void __wrap_log_emit(enum log_level level, const char *event, const struct log_field *fields);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
enum module_dir_answer __wrap_module_dir_find(struct module_dir *dir, const char *path,
                                              uint64_t name, uint64_t now_us);
ssize_t __wrap_getrandom(void *data, size_t len, unsigned flags);
int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);
int __wrap_child_start(const struct program *program, pid_t *pid);
int __wrap_kill(pid_t pid, int signo);
pid_t __wrap_getpgid(pid_t pid);
int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *usage);
int __real_worker_process_start(struct worker_process *proc, const struct worker_process_env *env,
                                const struct worker_process_own *own);
int __wrap_worker_process_start(struct worker_process *proc, const struct worker_process_env *env,
                                const struct worker_process_own *own);

/* Writes no log. Checks that the master accuses no innocent worker, whatever the master has decided
 * about it meanwhile. */
void __wrap_log_emit(enum log_level level, const char *event, const struct log_field *fields)
{
    (void)level;
    if (strcmp(event, "worker-protocol") != 0)
        return;
    const struct worker *worker = pool_find(&pools->first->pool, (uint32_t)fields[0].value.u);
    for (size_t i = 0; i < proc_count; i++)
        bug_on(procs[i].worker == worker->id && !procs[i].wrong);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
    (void)id;
    ts->tv_sec = (time_t)(clock_now_us / 1000000);
    ts->tv_nsec = (long)(clock_now_us % 1000000 * 1000);
    return 0;
}

/* There are two modules. */
int __wrap_stat(const char *path, struct stat *st)
{
    const char *name = strrchr(path, '/');
    if (strncmp(path, "/m/", 3) != 0) /* libFuzzer's own */
        return __real_stat(path, st);
    *st = (struct stat){.st_mode = S_IFREG};
    if (name && (strcmp(name, "/echo.so") == 0 || strcmp(name, "/wc.so") == 0))
        return 0;
    errno = ENOENT;
    return -1;
}

/* Every name may exist; stat() decides. */
enum module_dir_answer __wrap_module_dir_find(struct module_dir *dir, const char *path,
                                              uint64_t name, uint64_t now_us)
{
    (void)dir;
    (void)path;
    (void)name;
    (void)now_us;
    return MODULE_DIR_UNKNOWN;
}

ssize_t __wrap_getrandom(void *data, size_t len, unsigned flags)
{
    static unsigned char next;
    (void)flags;
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)data)[i] = (unsigned char)(next++ * 167 + i);
    return (ssize_t)len;
}

int __wrap_pipe2(int fds[2], int flags)
{
    int result = __real_pipe2(fds, flags);
    pipe_end = fds[1];
    return result;
}

int __wrap_child_start(const struct program *program, pid_t *pid)
{
    (void)program;
    if (starts_that_fail || proc_count == PROCS) {
        starts_that_fail -= starts_that_fail > 0;
        return EAGAIN;
    }
    struct proc *proc = &procs[proc_count++];
    *proc = (struct proc){.fd = -1, .in.max = PROC_IN_MAX, .output_fd = dup(pipe_end)};
    *pid = proc->pid = (pid_t)(1000000 + proc_count);
    return 0;
}

/* Keeps the address of the page, and the token in it. */
int __wrap_worker_process_start(struct worker_process *proc, const struct worker_process_env *env,
                                const struct worker_process_own *own)
{
    if (__real_worker_process_start(proc, env, own) < 0)
        return -1;
    struct proc *p = &procs[proc_count - 1];
    p->shared = proc->shared;
    p->worker = own->worker;
    memcpy(p->token, own->token, TOKEN_BYTES);
    return 0;
}

void proc_die(struct proc *proc, int status)
{
    if (proc->dead)
        return;
    proc->dead = true;
    proc->status = status;
    close(proc->output_fd);
    if (proc->fd >= 0)
        close(proc->fd);
    proc->fd = -1;
    buffer_free(&proc->in);
}

int __wrap_kill(pid_t pid, int signo)
{
    for (size_t i = 0; i < proc_count; i++) {
        struct proc *proc = &procs[i];
        if (proc->pid != -pid && proc->pid != pid) /* its group, or the process itself */
            continue;
        bug_on(proc->reaped); /* the number could belong to another process by now */
        if (signo == SIGKILL)
            proc_die(proc, SIGKILL);
        proc->told_term = true;
        return 0;
    }
    bug_on(true); /* not one of our processes */
}

pid_t __wrap_getpgid(pid_t pid)
{
    return pid;
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    (void)options;
    info->si_pid = 0;
    for (size_t i = 0; i < proc_count && !info->si_pid; i++)
        if (procs[i].dead && !procs[i].reaped && !procs[i].stuck &&
            (type == P_ALL || procs[i].pid == (pid_t)id))
            info->si_pid = procs[i].pid;
    return 0;
}

pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    (void)options;
    (void)usage;
    for (size_t i = 0; i < proc_count; i++) {
        if (procs[i].pid != pid)
            continue;
        bug_on(procs[i].reaped || !procs[i].dead);
        procs[i].reaped = true;
        procs[i].shared = NULL;
        *status = procs[i].status;
        return pid;
    }
    bug_on(true);
}
