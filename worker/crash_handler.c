/*
 * crash_handler: see crash_handler.h.
 *
 * The handler runs on a stack of its own in the worker's first thread, and in another thread if
 * that thread has one. It calls only async-signal-safe functions, and takes no memory. The signals
 * stay unblocked in it: one that comes again is a fault of the handler, or the end of its time (a
 * timer sends the signal of the crash), and abandons the step under way (crash_attempt.h).
 */
#include "crash_handler.h"

#include "crash_attempt.h"
#include "crash_object.h"
#include "crash_unwind.h"
#include "fork_mark.h"
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    STACK_SIZE = 128 * 1024, /* three frames of signals with all registers of a large processor */
    LIMIT_MS = 500,
};

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

static struct crash_record *record;
static pid_t worker;
static pid_t crashed; /* the thread that crashed first; accessed atomically */
static siginfo_t first;

static pid_t this_thread(void)
{
    return (pid_t)syscall(SYS_gettid);
}

/* A child of vfork() shares the fork mark with the worker, and has a pid of its own. */
static bool is_worker(void)
{
    return !fork_mark_in_child() && getpid() == worker;
}

/* True if the handler was called with a siginfo and a context. A module restoring the result of
 * signal(2) installs this handler without SA_SIGINFO, and a module's own handler may call it with
 * the number alone. */
static bool is_informed(int signo, const siginfo_t *info, const void *context)
{
    struct sigaction action;

    return sigaction(signo, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) != 0 &&
           info != NULL && context != NULL;
}

static void set_mask(int how)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&set, signals[i]);
    sigprocmask(how, &set, NULL);
}

/* Once the handler returns, the process dies by this signal. The signal is queued with its first
 * info and delivered when the registers of the crash are back: repeating the faulty instruction
 * would do, too, but not for abort(), or if another thread has mended the fault. */
static void die_on_return(const siginfo_t *info, ucontext_t *context)
{
    set_mask(SIG_BLOCK);
    signal(info->si_signo, SIG_DFL);
    sigdelset(&context->uc_sigmask, info->si_signo);
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), this_thread(), info->si_signo, info) < 0)
        raise(info->si_signo);
}

/* The record */

static void note_signal(void)
{
    record->frame_count = record->object_count = 0;
    record->code = first.si_code;
    record->address = (uintptr_t)first.si_addr; /* of SIGSYS: si_call_addr, at the same place */
    memcpy(record->thread, "main", sizeof("main"));
    if (this_thread() != worker)
        prctl(PR_GET_NAME, record->thread);
    __atomic_store_n(&record->signal, (uint32_t)first.si_signo, __ATOMIC_RELEASE);
}

/* If the system has no timer to give, an alarm ends a hanging process, by the wrong signal. */
static void set_time_limit(void)
{
    const struct itimerspec limit = {.it_value.tv_nsec = LIMIT_MS * 1000000L};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = first.si_signo};
    int timer;

    event.sigev_value.sival_ptr = &first;
    event._sigev_un._tid = this_thread();
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0) {
        syscall(SYS_timer_settime, timer, 0, &limit, NULL);
    } else {
        signal(SIGALRM, SIG_DFL);
        alarm(1);
    }
}

static bool is_time_limit(const siginfo_t *info)
{
    return info->si_code == SI_TIMER && info->si_value.sival_ptr == &first;
}

static void write_record(const siginfo_t *info, ucontext_t *context)
{
    first = *info;
    note_signal();
    set_mask(SIG_UNBLOCK); /* the handler of a module calling this one may block them */
    set_time_limit();
    crash_unwind(record, context);
    crash_object_resolve(record);
    crash_attempt_forbid(); /* a late time limit changes nothing */
}

/* The handler */

/* The crashed thread was in the handler already. Returns if it was in no attempt. */
static void on_second(const siginfo_t *info, ucontext_t *context)
{
    if (is_time_limit(info))
        crash_attempt_forbid();
    crash_attempt_abandon();
    if (!is_time_limit(info))
        die_on_return(&first, context);
}

_Noreturn static void wait_for_the_end(void)
{
    for (;;)
        pause();
}

static void on_crash(int signo, siginfo_t *info, void *context)
{
    pid_t nobody = 0;

    if (!is_informed(signo, info, context)) {
        signal(signo, SIG_DFL);
        raise(signo);
        return;
    }
    if (is_worker()) {
        pid_t thread = this_thread();
        if (__atomic_compare_exchange_n(&crashed, &nobody, thread, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            write_record(info, context);
        } else if (nobody == thread) {
            on_second(info, context);
            return;
        } else {
            wait_for_the_end();
        }
    }
    die_on_return(info, context);
}

/* Installation */

/* A sanitizer has given the thread such a stack already. Without one, a full stack leaves no
 * record. */
static void make_stack(void)
{
    stack_t stack = {.ss_size = STACK_SIZE};

    if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE) == 0)
        return;
    void *memory = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    stack = (stack_t){.ss_sp = memory, .ss_size = STACK_SIZE};
    if (memory == MAP_FAILED || sigaltstack(&stack, NULL) < 0)
        report(TM_WARNING, "cannot make a stack for the handler of crashes: %s", strerror(errno));
}

/* A sanitizer's handler stays. */
static void install(int signo)
{
    struct sigaction old,
        action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    sigemptyset(&action.sa_mask);
    if (sigaction(signo, NULL, &old) < 0 || old.sa_handler != SIG_DFL)
        return;
    if (sigaction(signo, &action, NULL) < 0)
        report(TM_WARNING, "cannot handle signal %d: %s", signo, strerror(errno));
}

void crash_handler_install(struct crash_record *shared)
{
    record = shared;
    worker = getpid();
    crash_object_init();
    make_stack();
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        install(signals[i]);
}
