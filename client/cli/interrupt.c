/* interrupt: see interrupt.h. */
#include "interrupt.h"

#include "client/lib/deadline.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* timeout(1) sends a signal to its child and then to the child's whole group, so that one comes
 * twice, microseconds apart or a busy machine's few time slices. Whoever reads that the job is
 * being cancelled and wants to leave at once takes longer than this. */
enum { MOMENT_MS = 300 };

static int64_t moment_end; /* set before the handler is */

static sigset_t interrupts(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

int interrupt_open(void)
{
    sigset_t set = interrupts();
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd >= 0)
        sigprocmask(SIG_BLOCK, &set, NULL);
    return fd;
}

/* The kernel sends what is raised here once the handler has returned. */
static void take_another(int number)
{
    int saved = errno;
    if (tmc_deadline_passed(moment_end)) {
        signal(number, SIG_DFL);
        raise(number);
    }
    errno = saved;
}

/* The handler looks at the clock, as nobody else may be able to: the call that cancels the job
 * waits for the server's answer, and a server that gives none must not keep the command. */
bool interrupt_take(int fd)
{
    struct signalfd_siginfo info;
    sigset_t set = interrupts();
    struct sigaction another = {.sa_handler = take_another, .sa_mask = set, .sa_flags = SA_RESTART};
    if (fd < 0 || read(fd, &info, sizeof info) != sizeof info)
        return false;
    moment_end = tmc_deadline_in(MOMENT_MS);
    sigaction(SIGINT, &another, NULL);
    sigaction(SIGTERM, &another, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return true;
}

void interrupt_close(int fd)
{
    sigset_t set = interrupts();
    if (fd < 0)
        return;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    close(fd);
}
