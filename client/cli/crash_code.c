/* crash_code: see crash_code.h. */
#include "crash_code.h"

#include <string.h>

static const struct {
    const char *code, *words;
} codes[] = {
    {"SEGV_MAPERR", "no memory is mapped there"},
    {"SEGV_ACCERR", "the memory there does not allow such an access"},
    {"SEGV_BNDERR", "the access was out of its bounds"},
    {"SEGV_PKUERR", "a protection key does not allow the access"},
    {"BUS_ADRALN", "the address is not aligned"},
    {"BUS_ADRERR", "there is no memory, such as behind the end of a mapped file"},
    {"BUS_OBJERR", "an error of the hardware"},
    {"BUS_MCEERR_AR", "the memory is broken"},
    {"BUS_MCEERR_AO", "the memory is broken"},
    {"FPE_INTDIV", "an integer was divided by zero"},
    {"FPE_INTOVF", "an integer overflowed"},
    {"FPE_FLTDIV", "a number was divided by zero"},
    {"FPE_FLTOVF", "a floating-point number overflowed"},
    {"FPE_FLTUND", "a floating-point number underflowed"},
    {"FPE_FLTRES", "a floating-point result is not exact"},
    {"FPE_FLTINV", "an invalid floating-point operation"},
    {"FPE_FLTSUB", "a subscript is out of range"},
    {"ILL_ILLOPC", "no such instruction"},
    {"ILL_ILLOPN", "an instruction with a wrong operand, or __builtin_trap()"},
    {"ILL_ILLADR", "an instruction with a wrong addressing mode"},
    {"ILL_ILLTRP", "an illegal trap"},
    {"ILL_PRVOPC", "a privileged instruction"},
    {"ILL_PRVREG", "a privileged register"},
    {"ILL_COPROC", "an error of the coprocessor"},
    {"ILL_BADSTK", "an error of the internal stack"},
    {"SYS_SECCOMP", "a filter forbids the system call"},
    {"SI_KERNEL", "sent by the kernel; often an address that no pointer can have"},
    {"SI_USER", "sent by kill(2)"},
    {"SI_TKILL", "sent by the process itself: abort(), assert() or raise()"},
    {"SI_QUEUE", "sent by sigqueue(3)"},
};

const char *crash_code_words(const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].words;
    return NULL;
}
