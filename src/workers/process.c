/* worker_process: see process.h. */
#include "workers/process.h"

#include "common/environment.h"
#include "common/log.h"
#include "common/module_name.h"
#include "common/xmalloc.h"
#include "workers/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* Sealed, so that the worker cannot make our own touch of the page fault. */
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
                      uint32_t worker, const uint8_t token[TOKEN_BYTES])
{
    page->magic = WORKER_PAGE_MAGIC;
    page->worker = worker;
    page->addr = env->addr;
    page->addr_len = env->addr_len;
    page->nofile_soft = env->nofile_soft;
    memcpy(page->token, token, TOKEN_BYTES);
}

/* The descriptors are all above those that they become (master_open_low_fds). */
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

int worker_process_start(struct worker_process *process, const struct worker_process_env *env,
                         uint32_t worker, const uint8_t token[TOKEN_BYTES])
{
    int output[2], e = 0;
    *process = (struct worker_process){.output_fd = -1};
    int page_fd = make_shared(&process->shared);
    if (page_fd < 0)
        return -1;
    fill_page(&process->shared->page, env, worker, token);
    if (pipe2(output, O_CLOEXEC) < 0) {
        e = errno;
    } else {
        /* Our end alone: the two ends of a pipe are two descriptions. */
        if (fcntl(output[0], F_SETFL, O_NONBLOCK) < 0)
            e = errno;
        if (!e)
            e = spawn(&process->pid, env, page_fd, output[1]);
        close(output[1]);
        process->output_fd = output[0];
    }
    close(page_fd);
    if (e) {
        worker_process_close(process);
        errno = e;
        return -1;
    }
    return 0;
}

void worker_process_signal(const struct worker_process *process, int signo)
{
    if (process->pid <= 0 || process->reaped)
        return;
    /* Both fail only when it is dead already and about to be reaped, and the first if it has left
     * its group: what a module may do must not save the worker. */
    kill(-process->pid, signo);
    if (signo == SIGKILL || getpgid(process->pid) != process->pid)
        kill(process->pid, signo);
}

uint32_t worker_process_offer(struct worker_process *process, uint64_t job)
{
    uint32_t slot = process->next_slot % WORKER_CLAIMS;
    bug_on(process->held == UINT64_MAX);
    while (process->held >> slot & 1)
        slot = (slot + 1) % WORKER_CLAIMS;
    process->held |= UINT64_C(1) << slot;
    process->next_slot = slot + 1;
    __atomic_store_n(&process->shared->claims[slot], claim_word(job, CLAIM_OFFERED),
                     __ATOMIC_RELEASE);
    return slot;
}

bool worker_process_reclaim(struct worker_process *process, uint32_t slot, uint64_t job)
{
    if (!claim_settle(&process->shared->claims[slot], job, CLAIM_RECLAIMED))
        return false;
    worker_process_release(process, slot);
    return true;
}

bool worker_process_has_begun(const struct worker_process *process, uint32_t slot, uint64_t job)
{
    uint64_t word = __atomic_load_n(&process->shared->claims[slot], __ATOMIC_ACQUIRE);
    return word != claim_word(job, CLAIM_OFFERED);
}

bool worker_process_has_answered(const struct worker_process *process, uint32_t slot, uint64_t job)
{
    uint64_t word = __atomic_load_n(&process->shared->claims[slot], __ATOMIC_ACQUIRE);
    return word == claim_word(job, CLAIM_ANSWERED);
}

void worker_process_release(struct worker_process *process, uint32_t slot)
{
    process->held &= ~(UINT64_C(1) << slot);
}

bool worker_process_result(const struct worker_process *process, uint32_t slot, uint64_t job,
                           char *data, size_t *len)
{
    const struct worker_result *result = &process->shared->results[slot];
    if (!worker_process_has_answered(process, slot, job))
        return false;
    uint32_t size = __atomic_load_n(&result->size, __ATOMIC_RELAXED); /* once: it may change */
    *len = size;
    if (size <= WORKER_RESULT_MAX)
        memcpy(data, result->data, size);
    return true;
}

/* A name that the worker has written: `shared` holds whatever a broken one put there. */
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

void worker_process_stop_flag(const struct worker_process *process, uint64_t job)
{
    __atomic_store_n(&process->shared->page.stop_job, job, __ATOMIC_RELAXED);
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

/* A child of these that is dead, and stays to be reaped; 0 if there is none. */
static pid_t dead(idtype_t which, pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    int result;
    do
        result = waitid(which, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (result < 0 && errno == EINTR);
    return result < 0 ? 0 : info.si_pid;
}

pid_t worker_process_dead(void)
{
    return dead(P_ALL, 0);
}

bool worker_process_is_dead(const struct worker_process *process)
{
    return process->pid > 0 && dead(P_PID, process->pid) == process->pid;
}

int worker_process_reap(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}
