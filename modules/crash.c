/*
 * crash: fails on command, in all ways open to a module. For the tests only, never installed.
 *
 * The payload is a command, and after a space its argument:
 *
 *     segv, abort, fpe, kill        end by that signal
 *     overflow                      end by overflowing the stack
 *     exit N, _exit N               end with that status
 *     loop                          endless, blind to the stop flag; ends by SIGTERM
 *     loop-term                     the same, and ignores SIGTERM
 *     flood BYTES                   print so many bytes on stdout
 *     big BYTES                     reply with so many bytes
 *     closefds                      close descriptors 0 to 100
 *     mask                          leave every signal blocked
 *     fork-hold                     leave a child behind that holds every descriptor for 30 s, and
 *                                   end by SIGKILL
 *     stop-fail                     wait for the stop flag, then fail
 *     stop-done                     wait for the stop flag, then reply "late"
 *     stop-loop                     wait for the stop flag, print a line, then loop
 *     fail CODE                     report a failure with that code
 *     return N                      return that number from run()
 *     stdout TEXT, stderr TEXT      print a line
 *     part TEXT                     print on stderr, without a line's end
 *     abort-saying TEXT             print a line on stderr, and end by SIGABRT
 *     stop-master                   stop the master (SIGSTOP)
 */
#include <taskmaster/module.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned long long number(const char *text)
{
    return strtoull(text, NULL, 10);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int crash_segv(tm_job *job, const char *arg)
{
    volatile uintptr_t nowhere = 8;

    (void)job;
    (void)arg;
    *(volatile int *)nowhere = 1;
    return 0;
}

static int crash_abort(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    abort();
}

static int crash_fpe(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    return raise(SIGFPE); /* not every processor traps on a division by zero */
}

static int crash_kill(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    return raise(SIGKILL);
}

/* The array on the stack keeps the compiler from turning the recursion into a loop. */
static int deeper(const volatile char *above)
{
    volatile char here[1024];

    here[0] = above[0];
    return above[0] != 0 ? 0 : deeper(here) + here[0];
}

static int crash_overflow(tm_job *job, const char *arg)
{
    volatile char first = 0;

    (void)job;
    (void)arg;
    return deeper(&first);
}

static int crash_exit(tm_job *job, const char *arg)
{
    (void)job;
    exit((int)number(arg));
}

static int crash_quick_exit(tm_job *job, const char *arg)
{
    (void)job;
    _exit((int)number(arg));
}

_Noreturn static void loop(void)
{
    volatile unsigned long turns = 0;

    for (;;)
        turns = turns + 1;
}

static int crash_loop(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    loop();
}

static int crash_loop_term(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    signal(SIGTERM, SIG_IGN);
    loop();
}

static int crash_flood(tm_job *job, const char *arg)
{
    unsigned long long bytes = number(arg);

    (void)job;
    for (unsigned long long i = 1; i <= bytes; i++)
        putchar(i % 80 == 0 || i == bytes ? '\n' : 'x');
    return 0;
}

static int crash_big(tm_job *job, const char *arg)
{
    static const char piece[4096];
    unsigned long long left = number(arg);

    while (left > 0) {
        size_t len = left < sizeof(piece) ? (size_t)left : sizeof(piece);
        if (tm_reply(job, piece, len) < 0)
            return -1;
        left -= len;
    }
    return 0;
}

static int crash_closefds(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    for (int fd = 0; fd <= 100; fd++)
        close(fd);
    return 0;
}

static int crash_mask(tm_job *job, const char *arg)
{
    sigset_t all;

    (void)job;
    (void)arg;
    sigfillset(&all);
    return sigprocmask(SIG_SETMASK, &all, NULL);
}

static int crash_fork_hold(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    if (fork() == 0) {
        pause_ms(30 * 1000L);
        _exit(0);
    }
    return raise(SIGKILL);
}

static void wait_for_stop(const tm_job *job)
{
    while (!tm_should_stop(job))
        pause_ms(1);
}

static int crash_stop_fail(tm_job *job, const char *arg)
{
    (void)arg;
    wait_for_stop(job);
    return tm_fail(job, "stopped", "saw the stop flag");
}

static int crash_stop_done(tm_job *job, const char *arg)
{
    (void)arg;
    wait_for_stop(job);
    return tm_reply(job, "late", strlen("late"));
}

static int crash_stop_loop(tm_job *job, const char *arg)
{
    wait_for_stop(job);
    fprintf(stderr, "saw the stop flag\n");
    return crash_loop(job, arg);
}

static int crash_stdout(tm_job *job, const char *arg)
{
    (void)job;
    return puts(arg) < 0;
}

static int crash_part(tm_job *job, const char *arg)
{
    (void)job;
    fputs(arg, stderr);
    return 0;
}

static int crash_stderr(tm_job *job, const char *arg)
{
    (void)job;
    return fprintf(stderr, "%s\n", arg) < 0;
}

static int crash_abort_saying(tm_job *job, const char *arg)
{
    (void)job;
    fprintf(stderr, "%s\n", arg);
    abort();
}

static int crash_fail(tm_job *job, const char *arg)
{
    return tm_fail(job, arg, "as it was asked to");
}

static int crash_return(tm_job *job, const char *arg)
{
    (void)job;
    return (int)number(arg);
}

static int crash_stop_master(tm_job *job, const char *arg)
{
    (void)job;
    (void)arg;
    return kill(getppid(), SIGSTOP);
}

static const struct command {
    const char *name;
    int (*run)(tm_job *job, const char *arg);
} commands[] = {
    {"segv", crash_segv},
    {"abort", crash_abort},
    {"fpe", crash_fpe},
    {"kill", crash_kill},
    {"overflow", crash_overflow},
    {"exit", crash_exit},
    {"_exit", crash_quick_exit},
    {"loop", crash_loop},
    {"loop-term", crash_loop_term},
    {"flood", crash_flood},
    {"big", crash_big},
    {"closefds", crash_closefds},
    {"mask", crash_mask},
    {"fork-hold", crash_fork_hold},
    {"stop-fail", crash_stop_fail},
    {"stop-done", crash_stop_done},
    {"stop-loop", crash_stop_loop},
    {"fail", crash_fail},
    {"return", crash_return},
    {"stdout", crash_stdout},
    {"stderr", crash_stderr},
    {"part", crash_part},
    {"abort-saying", crash_abort_saying},
    {"stop-master", crash_stop_master},
};

static int run(tm_job *job)
{
    const char *data = tm_job_data(job, NULL);
    size_t name_len = strcspn(data, " \n");
    const char *arg = data[name_len] == ' ' ? data + name_len + 1 : "";

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strlen(commands[i].name) == name_len && strncmp(commands[i].name, data, name_len) == 0)
            return commands[i].run(job, arg);
    }
    return tm_fail(job, "bad-input", "found \"%.40s\", expected a command such as segv or exit 3",
                   data);
}

static const char *describe(void)
{
    return "{\"help\":\"Fails in every way that a module can; for tests.\",\"input\":"
           "{\"type\":\"string\"}}";
}

TM_MODULE(.name = "crash", .version = "1.0", .run = run, .describe = describe);
