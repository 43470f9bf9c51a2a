/* worker_process: see process.h. */
#include "workers/process.h"

#include "common/environment.h"
#include "common/log.h"
#include "common/name.h"
#include "common/xmalloc.h"
#include "workers/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

char **worker_process_environ(void)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **env = xcalloc(count + 1, sizeof *env);
    for (size_t i = 0; i < count; i++)
        if (!environment_is_scrubbed(environ[i]))
            env[kept++] = environ[i];
    return env;
}

/* Makes the shared memory. The seals keep a worker from shrinking it under the master. */
static int make_shared(struct worker_shared **shared)
{
    int fd = memfd_create("taskmaster-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, sizeof(struct worker_shared)) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
        *shared =
            mmap(NULL, sizeof(struct worker_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (*shared != MAP_FAILED)
            return fd;
        *shared = NULL;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static void fill_page(struct worker_page *page, const struct worker_process_env *env,
                      const struct worker_process_own *own)
{
    page->magic = WORKER_PAGE_MAGIC;
    page->worker = own->worker;
    page->addr = env->addr;
    page->addr_len = env->addr_len;
    page->nofile_soft = env->nofile_soft;
    page->limits = own->limits;
    page->debug = own->debug;
    memcpy(page->token, own->token, TOKEN_BYTES);
}

/* Each descriptor is above the number given to it in the child (fill_low_descriptors). */
static int spawn(pid_t *pid, const struct worker_process_env *env, int page_fd, int output_fd)
{
    static char name[] = "taskmaster-worker";
    char *argv[] = {name, NULL};
    const int fds[] = {-1, output_fd, output_fd, page_fd, env->life_fd};
    _Static_assert(WORKER_PAGE_FD == 3 && WORKER_LIFE_FD == 4, "their places in fds");
    return child_start(&(struct program){.path = env->path,
                                         .argv = argv,
                                         .environ = env->environ,
                                         .fds = fds,
                                         .fd_count = sizeof fds / sizeof *fds},
                       pid);
}

/* Starts the process with a pipe for its output. Returns an errno; process->output_fd may be open
 * then, too. */
static int start(struct worker_process *process, const struct worker_process_env *env, int page_fd)
{
    int output[2];
    if (pipe2(output, O_CLOEXEC) < 0)
        return errno;
    process->output_fd = output[0];
    /* This affects our end alone: the ends of a pipe are two open file descriptions. */
    int e = fcntl(output[0], F_SETFL, O_NONBLOCK) < 0 ? errno : 0;
    if (!e)
        e = spawn(&process->pid, env, page_fd, output[1]);
    close(output[1]);
    return e;
}

int worker_process_start(struct worker_process *process, const struct worker_process_env *env,
                         const struct worker_process_own *own)
{
    *process = (struct worker_process){.output_fd = -1};
    int page_fd = make_shared(&process->shared);
    if (page_fd < 0)
        return -1;
    process->claims.shared = process->shared;
    fill_page(&process->shared->page, env, own);
    int e = start(process, env, page_fd);
    close(page_fd);
    if (!e)
        return 0;
    worker_process_close(process);
    errno = e;
    return -1;
}

bool worker_process_exists(const struct worker_process *process)
{
    return process->pid > 0;
}

void worker_process_signal(const struct worker_process *process, int signo)
{
    if (!worker_process_exists(process))
        return;
    /* A module may move the worker out of its process group. So the process itself is signalled as
     * well. Both calls can fail for a dead process. */
    kill(-process->pid, signo);
    if (signo == SIGKILL || getpgid(process->pid) != process->pid)
        kill(process->pid, signo);
}

/* Copies a name out of the shared memory. A broken worker can have written anything there. */
static bool read_name(const char *shared, char name[MODULE_NAME_MAX + 1])
{
    memcpy(name, shared, MODULE_NAME_MAX);
    name[MODULE_NAME_MAX] = '\0';
    return module_name_valid(name, strlen(name));
}

bool worker_process_preloading(const struct worker_process *process, char name[MODULE_NAME_MAX + 1])
{
    return read_name(process->shared->preloading, name);
}

enum worker_process_ending worker_process_ending(const struct worker_process *process,
                                                 char name[MODULE_NAME_MAX + 1])
{
    bool named = read_name(process->shared->ending, name);
    if (!named)
        name[0] = '\0';
    if (__atomic_load_n(&process->shared->exiting, __ATOMIC_RELAXED))
        return WORKER_PROCESS_AT_EXIT;
    return named ? WORKER_PROCESS_IN_FINI : WORKER_PROCESS_NOT_ENDING;
}

bool worker_process_refusal(const struct worker_process *process, char text[WORKER_REFUSAL_MAX])
{
    memcpy(text, process->shared->refusal, WORKER_REFUSAL_MAX);
    text[WORKER_REFUSAL_MAX - 1] = '\0';
    return text[0] != '\0';
}

void worker_process_want_debug(const struct worker_process *process, bool debug)
{
    __atomic_store_n(&process->shared->page.debug, debug, __ATOMIC_RELAXED);
}

void worker_process_stop_flag(const struct worker_process *process, uint64_t job,
                              enum stop_reason reason)
{
    __atomic_store_n(&process->shared->page.stop_reason, reason, __ATOMIC_RELAXED);
    __atomic_store_n(&process->shared->page.stop_job, job, __ATOMIC_RELEASE);
}

void worker_process_refuse_parts(const struct worker_process *process, uint64_t job)
{
    __atomic_store_n(&process->shared->page.partless_job, job, __ATOMIC_RELAXED);
}

void worker_process_close(struct worker_process *process)
{
    if (process->output_fd >= 0)
        close(process->output_fd);
    if (process->shared)
        munmap(process->shared, sizeof *process->shared);
    process->output_fd = -1;
    process->shared = NULL;
}

/* Returns the pid of a dead child of this choice, or 0. The child stays unreaped. */
static pid_t find_dead(idtype_t which, pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    int result;
    do
        result = waitid(which, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (result < 0 && errno == EINTR);
    return result < 0 ? 0 : info.si_pid;
}

bool worker_process_is_dead(const struct worker_process *process)
{
    return worker_process_exists(process) && find_dead(P_PID, process->pid) == process->pid;
}

pid_t worker_process_next_dead(void)
{
    return find_dead(P_ALL, 0);
}

static int reap(pid_t pid, struct rusage *usage)
{
    int status = 0;
    while (wait4(pid, &status, 0, usage) < 0 && errno == EINTR)
        ;
    return status;
}

int worker_process_reap_pid(pid_t pid)
{
    return reap(pid, NULL);
}

static uint64_t microseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

int worker_process_reap(struct worker_process *process)
{
    struct rusage usage = {.ru_maxrss = 0};
    worker_process_signal(process, SIGKILL);
    int status = reap(process->pid, &usage);
    process->peak_kb = (uint64_t)usage.ru_maxrss;
    process->cpu_us = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
    process->pid = 0;
    return status;
}

/* Returns the most memory that this process has had, UINT64_MAX if it is not known. getrusage()
 * would do if it left out the time before our own exec. */
static uint64_t own_peak_kb(void)
{
    static const char key[] = "VmHWM:";
    char line[128];
    uint64_t kb = UINT64_MAX;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && kb == UINT64_MAX && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            kb = strtoull(line + strlen(key), NULL, 10);
    if (file)
        fclose(file);
    return kb;
}

uint64_t worker_process_memory_kb(const struct worker_process *process)
{
    uint64_t told_kb = __atomic_load_n(&process->shared->rss, __ATOMIC_RELAXED) / 1024;
    return process->peak_kb > own_peak_kb() ? process->peak_kb : told_kb;
}

bool worker_process_usage(const struct worker_process *process, uint64_t job,
                          struct job_usage *usage)
{
    const struct worker_shared *shared = process->shared;
    uint64_t begun_us = __atomic_load_n(&shared->usage_cpu_us, __ATOMIC_RELAXED);
    if (worker_process_exists(process) ||
        __atomic_load_n(&shared->usage_job, __ATOMIC_ACQUIRE) != job || begun_us > process->cpu_us)
        return false;
    usage->cpu_us = process->cpu_us - begun_us;
    usage->worker_rss = worker_process_memory_kb(process) * 1024;
    return true;
}
