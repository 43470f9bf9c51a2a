/* signals: see signals.h. */
#include "daemon/signals.h"

#include "common/log.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sysexits.h>
#include <unistd.h>

static const int ends[] = {SIGTERM, SIGINT, SIGQUIT};
static const int heard[SIGNALS_HEARD] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
                                         SIGCHLD, SIGUSR1, SIGUSR2};
static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_among(int signo, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == signo)
            return true;
    return false;
}

bool signals_is_end(int signo)
{
    return is_among(signo, ends, COUNT(ends));
}

static void end_early(int signo)
{
    (void)signo;
    _exit(EX_OK);
}

/* With an ignored CHLD no child could be waited for, and an ignored HUP is lost, also while it is
 * blocked. */
static void (*early_action(int signo))(int)
{
    if (is_among(signo, faults, COUNT(faults)) || signo == SIGCHLD || signo == SIGHUP)
        return SIG_DFL;
    return signals_is_end(signo) ? end_early : SIG_IGN;
}

/* Our parent may have ignored or blocked any signal. signal() fails for KILL, STOP and those of the
 * C library, as it should. */
void signals_begin(void)
{
    sigset_t mask;
    sigfillset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, early_action(signo));
    sigemptyset(&mask);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

void signals_open(struct signals *signals, struct event_base *base, event_callback_fn call,
                  void *arg)
{
    sigset_t none;
    for (int i = 0; i < SIGNALS_HEARD; i++) {
        signals->events[i] = evsignal_new(base, heard[i], call, arg);
        if (!signals->events[i] || event_add(signals->events[i], NULL) < 0)
            fatal(EX_OSERR, "cannot handle signal %d", heard[i]);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* With its event a signal loses its handler: one more must not end us now. */
void signals_close(struct signals *signals)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < SIGNALS_HEARD; i++)
        event_free(signals->events[i]);
}
