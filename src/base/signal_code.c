/* signal_code: see signal_code.h. */
#include "base/signal_code.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

enum { ANY_SIGNAL = 0 };

#define CODE(signo, code)  \
    {                      \
        signo, code, #code \
    }

static const struct {
    int signo, code;
    const char *name;
} codes[] = {
    CODE(SIGSEGV, SEGV_MAPERR), CODE(SIGSEGV, SEGV_ACCERR),  CODE(SIGSEGV, SEGV_BNDERR),
    CODE(SIGSEGV, SEGV_PKUERR), CODE(SIGBUS, BUS_ADRALN),    CODE(SIGBUS, BUS_ADRERR),
    CODE(SIGBUS, BUS_OBJERR),   CODE(SIGBUS, BUS_MCEERR_AR), CODE(SIGBUS, BUS_MCEERR_AO),
    CODE(SIGFPE, FPE_INTDIV),   CODE(SIGFPE, FPE_INTOVF),    CODE(SIGFPE, FPE_FLTDIV),
    CODE(SIGFPE, FPE_FLTOVF),   CODE(SIGFPE, FPE_FLTUND),    CODE(SIGFPE, FPE_FLTRES),
    CODE(SIGFPE, FPE_FLTINV),   CODE(SIGFPE, FPE_FLTSUB),    CODE(SIGILL, ILL_ILLOPC),
    CODE(SIGILL, ILL_ILLOPN),   CODE(SIGILL, ILL_ILLADR),    CODE(SIGILL, ILL_ILLTRP),
    CODE(SIGILL, ILL_PRVOPC),   CODE(SIGILL, ILL_PRVREG),    CODE(SIGILL, ILL_COPROC),
    CODE(SIGILL, ILL_BADSTK),   {SIGSYS, 1, "SYS_SECCOMP"},  {SIGSYS, 2, "SYS_USER_DISPATCH"},
    CODE(ANY_SIGNAL, SI_USER),  CODE(ANY_SIGNAL, SI_KERNEL), CODE(ANY_SIGNAL, SI_QUEUE),
    CODE(ANY_SIGNAL, SI_TIMER), CODE(ANY_SIGNAL, SI_MESGQ),  CODE(ANY_SIGNAL, SI_ASYNCIO),
    CODE(ANY_SIGNAL, SI_SIGIO), CODE(ANY_SIGNAL, SI_TKILL),
};

const char *signal_code_name(int signo, int code)
{
    static char number[16];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code && (codes[i].signo == signo || codes[i].signo == ANY_SIGNAL))
            return codes[i].name;
    snprintf(number, sizeof number, "%d", code);
    return number;
}

bool signal_code_has_address(int signo, int code)
{
    return signo != SIGABRT && code > 0 && code != SI_KERNEL;
}
