/*
 * startup: see startup.h.
 *
 * Of the inherited descriptors only 0, 1 and 2 stay open. The pipe is opened anew, and the page
 * stays mapped without a descriptor.
 */
#include "startup.h"

#include "common/environment.h"
#include "common/worker_page.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

extern char **environ;

enum { STAY_MS = 100 };

static int worker_watch, group_watch; /* descriptors, open for good */

_Noreturn static void started_by_hand(const char *what)
{
    fprintf(stderr,
            "taskmaster-worker: %s: this program is started by the master, not by hand; "
            "run taskmasterd (or taskmaster-worker --help)\n",
            what);
    exit(EX_USAGE);
}

/*
 * The second watch. A process loses its death signal by changing its user or group, and a module
 * may do that. This watch stays: once the last writer of the pipe is gone, the kernel sends SIGKILL
 * to the owner of the description. None of our code has to run for it, so the signal also reaches a
 * process that is stopped, loops, or blocks all signals. A waiting thread could not do that, and
 * would be in the way of modules that fork or change their user.
 *
 * Signal and owner belong to the open file description, and all workers inherit the same one. So
 * each worker opens the pipe anew by way of /proc: once for the worker, whatever group a module
 * moves it to, and once for its process group with the children of its modules. (In a user
 * namespace, where root is not the kernel's root, a module escapes this watch by changing its user
 * for good.)
 */
static void arm_pipe(int *fd, pid_t owner)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", WORKER_LIFE_FD);
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0 || fcntl(*fd, F_SETOWN, owner) < 0 || fcntl(*fd, F_SETSIG, SIGKILL) < 0 ||
        fcntl(*fd, F_SETFL, O_ASYNC | O_NONBLOCK) < 0)
        report(TM_WARNING,
               "cannot watch the master's pipe: %s; a worker whose module becomes another user, "
               "and what modules start, may outlive the master",
               strerror(errno));
}

/*
 * Both watches are armed before the look at the pipe: if the master dies in between, one or the
 * other notices. getppid() would not do: in a container it may be 1 for a live master as well as
 * for a dead one.
 */
pid_t startup_follow_master(void)
{
    struct pollfd life = {.fd = WORKER_LIFE_FD};
    struct stat st;

    if (fstat(WORKER_LIFE_FD, &st) < 0 || !S_ISFIFO(st.st_mode))
        started_by_hand("descriptor 4 is not the master's pipe");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
        report(TM_ERROR, "cannot arm the death signal: %s", strerror(errno));
        exit(EX_OSERR);
    }
    arm_pipe(&worker_watch, getpid());
    arm_pipe(&group_watch, -getpid());
    pid_t master = getppid();
    while (poll(&life, 1, 0) < 0 && errno == EINTR)
        ;
    if (life.revents != 0)
        _exit(EX_UNAVAILABLE);
    close(WORKER_LIFE_FD);
    return master;
}

static bool is_page(void)
{
    struct stat st;
    int seals = fcntl(WORKER_PAGE_FD, F_GET_SEALS);

    return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && fstat(WORKER_PAGE_FD, &st) == 0 &&
           st.st_size >= (off_t)sizeof(struct worker_shared);
}

void startup_take_page(struct startup *s)
{
    if (!is_page())
        started_by_hand("descriptor 3 is not the master's page");
    struct worker_shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, WORKER_PAGE_FD, 0);
    if (shared == MAP_FAILED) {
        report(TM_ERROR, "cannot map the master's page: %s", strerror(errno));
        exit(EX_OSERR);
    }
    struct worker_page *page = &shared->page;
    if (page->magic != WORKER_PAGE_MAGIC || page->addr_len > sizeof(page->addr))
        started_by_hand("descriptor 3 is not a page of this release's master");
    *s = (struct startup){
        .worker = page->worker,
        .addr = page->addr,
        .addr_len = page->addr_len,
        .nofile_soft = page->nofile_soft,
        .limits = page->limits,
        .shared = shared,
    };
    memcpy(s->token, page->token, TOKEN_BYTES);
    explicit_bzero(page->token, TOKEN_BYTES);
    /* From here on, a module's stray write faults. */
    if (mprotect(page, offsetof(struct worker_shared, claims), PROT_READ) < 0) {
        report(TM_ERROR, "cannot protect the master's page: %s", strerror(errno));
        exit(EX_OSERR);
    }
    close(WORKER_PAGE_FD);
}

/* The master raises its own limit for its many sockets. The original limit is better for programs
 * using select(2) or closing every possible descriptor. */
static void lower_nofile(uint64_t nofile_soft)
{
    struct rlimit limit;

    if (nofile_soft == 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= nofile_soft)
        return;
    limit.rlim_cur = nofile_soft;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        report(TM_WARNING, "cannot lower the limit of open files: %s", strerror(errno));
}

/* The master removes these as well; this is the second line of defence. */
static void scrub_environment(void)
{
    char **kept = environ;

    for (char **variable = environ; *variable != NULL; variable++) {
        if (!environment_is_scrubbed(*variable))
            *kept++ = *variable;
    }
    *kept = NULL;
}

void startup_clean_process(const struct startup *s)
{
    lower_nofile(s->nofile_soft);
    scrub_environment();
    /* On a pipe, stdout would be block buffered, and a crash would lose the module's last
     * output. */
    setvbuf(stdout, NULL, _IOLBF, 0);
}

/* A zombie counts as a child, too: the wait is then needless but harmless. */
void startup_stay_for_children(void)
{
    siginfo_t child;

    if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0)
        poll(NULL, 0, STAY_MS);
}
