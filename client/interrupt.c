/* interrupt: see interrupt.h. */
#include "interrupt.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

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

bool interrupt_take(int fd)
{
    struct signalfd_siginfo info;
    sigset_t set = interrupts();
    if (fd < 0 || read(fd, &info, sizeof info) != sizeof info)
        return false;
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
