/*
 * leave: changes its process and leaves it changed. The payload is a command, and after a space its
 * argument:
 *
 *     timer real|virtual|prof MS     arm an interval timer; with "spin" behind it, wait for it
 *     create N                       leave so many timers of timer_create()
 *     show                           reply the state of the process
 *     ignore                         ignore every signal
 *     raise N                        raise signal N
 *     spin                           loop without end
 *     umask, chdir, limit, batch, locale, thread locale, rounding, nonblocking, close-on-exec
 *     setenv, putenv, clearenv       change the environment
 *     close N, replace N             close descriptor N, or have /dev/zero stand there
 *     fclose, wide, buffer           spoil the stream stdout
 *     linger [exec]                  leave a waiting child, or a program; reply its id
 *     fork, _fork, clone             have a child return from run(); reply its wait status
 *     dumpable                       reply whether the process is dumpable
 *     log                            have a child use the functions of a job and end
 *     become egid|uid                become another, and loop without end, deaf to all signals
 *
 * If the config names the hooks init or fini, a child returns from them. If the config is "own",
 * init() changes the process for the jobs of this module.
 */
#include <taskmaster/module.h>

#include "show.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

static bool fork_in_fini;

/* Returning children */

static pid_t plain_fork(void)
{
    return fork();
}

static pid_t bare_fork(void)
{
    return _Fork();
}

static pid_t raw_clone(void)
{
    return (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
}

static int leave_child(tm_job *job, pid_t (*birth)(void))
{
    char text[64];
    int status = 0;

    fflush(stdout);
    pid_t pid = birth();
    if (pid == 0)
        return tm_reply(job, "child", strlen("child"));
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return tm_fail(job, "no-child", "no child");
    snprintf(text, sizeof(text), "parent of %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return tm_reply(job, text, strlen(text));
}

/* Replies its process id; "exec": a program. */
static int leave_lingering_child(tm_job *job, bool exec)
{
    char text[16];

    pid_t pid = fork();
    if (pid == 0) {
        if (exec)
            execl("/bin/sleep", "sleep", "1000", (char *)NULL);
        for (;;)
            pause();
    }
    if (pid < 0)
        return tm_fail(job, "no-child", "no child");
    snprintf(text, sizeof(text), "%d", (int)pid);
    return tm_reply(job, text, strlen(text));
}

static int use_functions_in_child(tm_job *job)
{
    int status = 0;

    printf("the worker's own ");
    pid_t pid = fork();
    if (pid == 0) {
        tm_log(job, TM_INFO, "said by a child");
        tm_reply(job, "child", strlen("child"));
        tm_fail(job, "child", "child");
        _exit(tm_should_stop(job));
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return tm_fail(job, "no-child", "wait status %d", status);
    printf("line\n");
    return tm_reply(job, "parent", strlen("parent"));
}

/* The state of a process */

_Noreturn static void spin(void)
{
    volatile unsigned long turns = 0;

    for (;;)
        turns = turns + 1;
}

/* The timers send SIGALRM, the default. */
static int create_timers(int count)
{
    struct itimerspec soon = {.it_value.tv_sec = 1000};
    timer_t timer;
    int failed = 0;

    for (int i = 0; i < count; i++)
        failed |=
            timer_create(CLOCK_MONOTONIC, NULL, &timer) | timer_settime(timer, 0, &soon, NULL);
    return failed;
}

static int arm_timer(tm_job *job, const char *arg)
{
    static const char *const names[] = {"real", "virtual", "prof"};
    struct itimerval value = {0};
    char name[16] = "";
    int ms = 0;

    sscanf(arg, "%15s %d", name, &ms);
    value.it_value.tv_sec = ms / 1000;
    value.it_value.tv_usec = ms % 1000 * 1000;
    value.it_interval = value.it_value;
    for (int i = 0; i < 3; i++) {
        if (strcmp(names[i], name) == 0 && setitimer((__itimer_which_t)i, &value, NULL) < 0)
            return tm_fail(job, "cannot", "no timer");
    }
    if (strstr(arg, "spin") != NULL)
        spin();
    return 0;
}

static int ignore_signals(void)
{
    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, SIG_IGN);
    return 0;
}

static int lower_limits(void)
{
    struct rlimit limit = {.rlim_cur = 11, .rlim_max = 11};

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 11;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 0;
    return setrlimit(RLIMIT_FSIZE, &limit);
}

/* This policy needs no privilege, and neither does the way back. */
static int run_as_batch(void)
{
    const struct sched_param parameters = {.sched_priority = 0};

    return sched_setscheduler(0, SCHED_BATCH, &parameters);
}

/* The locale of this thread only. */
static int use_thread_locale(void)
{
    static locale_t utf8; /* made once, never freed */

    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    return uselocale(utf8) == (locale_t)0;
}

static int close_on_exec(void)
{
    return fcntl(0, F_SETFD, FD_CLOEXEC) | fcntl(1, F_SETFD, FD_CLOEXEC) |
           fcntl(2, F_SETFD, FD_CLOEXEC);
}

static int replace(const char *arg)
{
    int fd = open("/dev/zero", O_RDWR);
    int result = dup2(fd, atoi(arg));

    close(fd);
    return result < 0 ? -1 : 0;
}

static int become(tm_job *job, const char *arg)
{
    sigset_t all;
    int result = strcmp(arg, "egid") == 0 ? setegid(65534) : setuid(65534);

    if (result < 0)
        return tm_fail(job, "cannot", "cannot become another");
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    spin();
}

static int spoil_environment(const char *command)
{
    static char own[] = "TZ=Nowhere+11";

    if (strcmp(command, "setenv") == 0)
        return setenv("PATH", "/nonexistent", 1) + setenv("LEFT", "behind", 1);
    if (strcmp(command, "putenv") == 0)
        return putenv(own);
    char *path = getenv("PATH");
    if (path != NULL)
        path[0] = '!';
    return clearenv();
}

static int reply_state(tm_job *job)
{
    char *text = show();
    int result = tm_reply(job, text, strlen(text));

    free(text);
    return result;
}

static int reply_dumpable(tm_job *job)
{
    const char *answer = prctl(PR_GET_DUMPABLE) > 0 ? "yes" : "no";

    return tm_reply(job, answer, strlen(answer));
}

static int run(tm_job *job)
{
    const char *command = tm_job_data(job, NULL);
    const char *space = strchr(command, ' ');
    const char *arg = space != NULL ? space + 1 : "";

    if (strncmp(command, "timer", 5) == 0)
        return arm_timer(job, arg);
    if (strncmp(command, "create", 6) == 0)
        return create_timers(atoi(arg));
    if (strcmp(command, "show") == 0)
        return reply_state(job);
    if (strcmp(command, "dumpable") == 0)
        return reply_dumpable(job);
    if (strcmp(command, "ignore") == 0)
        return ignore_signals();
    if (strncmp(command, "raise", 5) == 0)
        return raise(atoi(arg));
    if (strcmp(command, "spin") == 0)
        spin();
    if (strcmp(command, "umask") == 0)
        return umask(0777) == 0777;
    if (strcmp(command, "chdir") == 0)
        return chdir("/proc");
    if (strcmp(command, "limit") == 0)
        return lower_limits();
    if (strncmp(command, "linger", 6) == 0)
        return leave_lingering_child(job, *arg != '\0');
    if (strcmp(command, "batch") == 0)
        return run_as_batch();
    if (strcmp(command, "locale") == 0)
        return setlocale(LC_ALL, "C.UTF-8") == NULL;
    if (strcmp(command, "thread locale") == 0)
        return use_thread_locale();
    if (strcmp(command, "close-on-exec") == 0)
        return close_on_exec();
    if (strcmp(command, "rounding") == 0)
        return fesetround(FE_UPWARD);
    if (strcmp(command, "nonblocking") == 0)
        return fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
    if (strstr(command, "env") != NULL)
        return spoil_environment(command);
    if (strncmp(command, "close", 5) == 0)
        return close(atoi(arg));
    if (strncmp(command, "replace", 7) == 0)
        return replace(arg);
    if (strcmp(command, "fclose") == 0)
        return fclose(stdout);
    if (strcmp(command, "wide") == 0)
        return fwide(stdout = fdopen(STDOUT_FILENO, "w"), 1) <= 0;
    if (strcmp(command, "buffer") == 0)
        return setvbuf(stdout, NULL, _IOFBF, 65536);
    if (strcmp(command, "fork") == 0)
        return leave_child(job, plain_fork);
    if (strcmp(command, "_fork") == 0)
        return leave_child(job, bare_fork);
    if (strcmp(command, "clone") == 0)
        return leave_child(job, raw_clone);
    if (strcmp(command, "log") == 0)
        return use_functions_in_child(job);
    if (strncmp(command, "become", 6) == 0)
        return become(job, arg);
    return tm_fail(job, "bad-input", "no such command");
}

static int init(const tm_host *host, const char *config)
{
    pid_t pid = 1;
    sigset_t own;

    sigemptyset(&own);
    fork_in_fini = strstr(config, "fini") != NULL;
    if (strstr(config, "init") != NULL)
        pid = fork();
    if (pid == 0)
        tm_host_log(host, TM_INFO, "said by a child of init");
    else if (pid > 1)
        waitpid(pid, NULL, 0);
    if (strstr(config, "own") != NULL) { /* for this module's jobs only */
        signal(SIGUSR1, SIG_IGN);
        umask(0123);
        setenv("OWN", "yes", 1);
        use_thread_locale();
        sigaddset(&own, SIGUSR2);
        sigprocmask(SIG_BLOCK, &own, NULL);
        dup2(open("/dev/zero", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        close(STDOUT_FILENO); /* a mistake, mended by the worker */
    }
    return 0;
}

static void fini(void)
{
    pid_t pid = fork_in_fini ? fork() : 1;

    if (pid > 1)
        waitpid(pid, NULL, 0);
}

TM_MODULE(.name = "leave", .version = "1.0", .init = init, .run = run, .fini = fini);
