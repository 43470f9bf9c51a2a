/* signals: see signals.h. */
#include "signals.h"

#include "fork_mark.h"
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static pid_t master_pid;

/* The terminal's user does not control a worker, so these are ignored from the terminal, too. */
static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

/* The kernel sends these at a module's request. */
static const int events[] = {SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
                             SIGPWR,  SIGXCPU,   SIGXFSZ, SIGSTKFLT};

static bool is_end(int signo)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (ends[i] == signo)
            return true;
    }
    return false;
}

static bool is_strangers(int signo, const siginfo_t *info)
{
    switch (info->si_code) {
    case SI_USER:
    case SI_QUEUE:
    case SI_TKILL:
        return info->si_pid != master_pid && info->si_pid != getpid();
    case SI_KERNEL:
        return is_end(signo);
    default:
        return false;
    }
}

/* True if `info` was filled in. A module restoring the result of signal(2) installs this handler
 * without SA_SIGINFO. */
static bool is_informed(int signo)
{
    struct sigaction action;

    return sigaction(signo, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) != 0;
}

/* A signal from the master, the module or the kernel takes its default effect once the handler
 * returns. */
static void on_signal(int signo, siginfo_t *info, void *context)
{
    int saved_errno = errno;

    (void)context;
    if (fork_mark_in_child() || !is_informed(signo) || !is_strangers(signo, info)) {
        signal(signo, SIG_DFL);
        raise(signo);
    }
    errno = saved_errno;
}

static void install(int signo)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

    sigemptyset(&action.sa_mask);
    if (sigaction(signo, &action, NULL) < 0)
        report(TM_WARNING, "cannot handle signal %d: %s", signo, strerror(errno));
}

void signals_install(pid_t master)
{
    master_pid = master;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        install(ends[i]);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        install(events[i]);
    for (int signo = SIGRTMIN; signo <= SIGRTMAX; signo++)
        install(signo);
}
