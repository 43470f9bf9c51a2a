/* interrupt: see interrupt.h. */
#include "interrupt.h"

#include "client/lib/deadline.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* timeout(1) sends a signal to its child, and then to the child's whole group: the child gets it
 * twice, microseconds or (on a busy machine) some time slices apart. A person reading our message
 * before the second interrupt takes longer than this. */
enum { MOMENT_MS = 300 };

static int64_t moment_end; /* set before the handler */

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

/* The signal raised here arrives after the handler's return. */
static void take_another(int number)
{
    int saved = errno;
    if (tmc_deadline_passed(moment_end)) {
        signal(number, SIG_DFL);
        raise(number);
    }
    errno = saved;
}

/* The handler itself looks at the clock: the call cancelling the job may wait for a server without
 * an answer, and must not keep the command. */
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
