/* show: describes the changeable state of a process as text. */
#ifndef TASKMASTER_TESTS_SHOW_H
#define TASKMASTER_TESTS_SHOW_H

#include <fcntl.h>
#include <fenv.h>
#include <langinfo.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

static inline void show_signals(FILE *out)
{
    struct sigaction action;
    sigset_t mask;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int signo = 1; signo < NSIG; signo++) {
        if (sigaction(signo, NULL, &action) == 0)
            fputc(action.sa_handler == SIG_DFL   ? 'd'
                  : action.sa_handler == SIG_IGN ? 'i'
                                                 : 'h',
                  out);
        if (sigismember(&mask, signo) == 1)
            fputc('b', out);
    }
}

static inline void show_files(FILE *out)
{
    struct stat st;

    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &st) == 0)
            fprintf(out, " %d=%lu:%lu:%d", fd, (unsigned long)st.st_dev, (unsigned long)st.st_ino,
                    fcntl(fd, F_GETFD));
    }
    fprintf(out, " flags %#x stdout %d %d %d", (unsigned)fcntl(STDOUT_FILENO, F_GETFL),
            fileno(stdout), fwide(stdout, 0) > 0, __flbf(stdout) != 0);
}

static inline void show_timers(FILE *out)
{
    struct itimerval value;
    char text[256] = "";
    FILE *timers = fopen("/proc/self/timers", "r");

    for (int i = 0; i < 3; i++) {
        getitimer((__itimer_which_t)i, &value);
        fputc(value.it_value.tv_sec | value.it_value.tv_usec ? '1' : '0', out);
    }
    if (timers != NULL) {
        text[fread(text, 1, sizeof(text) - 1, timers)] = '\0';
        fclose(timers);
    }
    fprintf(out, " %.8s", text);
}

static inline void show_limits(FILE *out)
{
    struct rlimit limit;

    for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
        getrlimit((__rlimit_resource_t)i, &limit);
        fprintf(out, " %lld", (long long)limit.rlim_cur);
    }
    fprintf(out, " nice %d policy %d", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
}

static inline void show_names(FILE *out)
{
    char directory[256] = "";
    mode_t mask = umask(0);
    time_t epoch = 0;
    struct tm when;

    umask(mask);
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
        fprintf(out, " %.40s", *variable);
    localtime_r(&epoch, &when);
    fprintf(out, "; %o in %s, %s (%s), hour %d, rounding %d", (unsigned)mask,
            getcwd(directory, sizeof(directory)), setlocale(LC_ALL, NULL), nl_langinfo(CODESET),
            when.tm_hour, fegetround());
}

/* Returns the description; the caller frees it. */
static inline char *show(void)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    show_signals(out);
    show_files(out);
    show_timers(out);
    show_limits(out);
    show_names(out);
    fclose(out);
    return text;
}

#endif
