/* signals: see signals.h. */
#include "daemon/signals.h"

#include "base/clock.h"
#include "base/signal_name.h"
#include "common/log.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
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

static bool is_end(int signo)
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
    return is_end(signo) ? end_early : SIG_IGN;
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

static void on_reserved(struct signals *signals, int signo)
{
    if (log_limits_allow(signals->log_limits, LOG_INFO, "signal-reserved", "-"))
        log_event(LOG_INFO, "signal-reserved", LOG_STR("signal", signal_name(signo)),
                  LOG_STR("hint", "it does nothing yet"));
}

/* As PID 1 of a container we inherit the orphans of others. */
static void reap_orphans(void *arg)
{
    (void)arg;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void call(struct signals *signals, int signo)
{
    const struct signals_ops *ops = signals->ops;
    if (signo == SIGCHLD)
        (ops->child ? ops->child : reap_orphans)(signals->arg);
    else if (signo == SIGHUP)
        ops->reload(signals->arg);
    else if (signo == SIGUSR1)
        ops->reopen(signals->arg);
    else if (signo == SIGUSR2)
        on_reserved(signals, signo);
    else if (is_end(signo))
        ops->end(signals->arg, signal_name(signo));
}

/* The loop calls once for each signal, after all signals of the turn have come: a thousand HUPs are
 * one reload. */
static bool is_heard(struct signals *signals, int signo)
{
    uint64_t bit = 1ull << signo, before = signals->heard;
    signals->heard |= bit;
    return before & bit;
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
    struct signals *signals = arg;
    (void)what;
    if (is_heard(signals, (int)signo) && !is_end((int)signo))
        return;
    timers_turn(&signals->loop->timers, clock_us());
    call(signals, (int)signo);
}

void signals_turn(struct signals *signals)
{
    signals->heard = 0;
}

void signals_open(struct signals *signals)
{
    sigset_t none;
    for (int i = 0; i < SIGNALS_HEARD; i++) {
        signals->events[i] = evsignal_new(signals->loop->base, heard[i], on_signal, signals);
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
