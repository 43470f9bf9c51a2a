/* signal_name: see signal_name.h. */
#include "base/signal_name.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

const char *signal_name(int signo)
{
    static char text[32];
    const char *name = sigabbrev_np(signo);
    if (name)
        snprintf(text, sizeof text, "SIG%s", name);
    else if (signo >= SIGRTMIN && signo <= SIGRTMAX)
        snprintf(text, sizeof text, "SIGRTMIN+%d", signo - SIGRTMIN);
    else
        snprintf(text, sizeof text, "signal %d", signo);
    return text;
}
