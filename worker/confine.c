/*
 * confine: see confine.h.
 *
 * The worker sets its own limits. The child of the master's fork could set most of them before the
 * exec, but cannot report a refusal, and shares the master's memory until then.
 *
 * The files of /proc/self belong to root once the process is not dumpable. The kernel still lets
 * the process itself read most of them (fd, maps, statm, timers), but no longer write
 * oom_score_adj. So closing the process comes last.
 */
#include "confine.h"

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void set_limit(const char *key, __rlimit_resource_t which, uint64_t max)
{
    const struct rlimit limit = {.rlim_cur = max, .rlim_max = max};
    struct rlimit now = {.rlim_cur = RLIM_INFINITY};

    if (setrlimit(which, &limit) == 0)
        return;
    int error = errno;
    getrlimit(which, &now);
    report(TM_WARNING, "cannot set %s to %" PRIu64 ": %s: it stays %" PRIu64, key, max,
           strerror(error), (uint64_t)now.rlim_cur);
}

static void add_nice(int nice)
{
    int before = getpriority(PRIO_PROCESS, 0);

    if (nice != 0 && setpriority(PRIO_PROCESS, 0, before + nice) < 0)
        report(TM_WARNING, "cannot set nice to %d: %s: it stays %d", nice, strerror(errno), before);
}

static void set_oom_score_adj(int value)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%d", value);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, (size_t)len) < 0)
        report(TM_WARNING, "cannot set oom-score-adj to %d: %s", value, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void set_attribute(int option, unsigned long value, const char *what)
{
    if (prctl(option, value, 0L, 0L, 0L) < 0)
        report(TM_WARNING, "cannot %s: %s", what, strerror(errno));
}

void confine_process(const struct worker_limits *limits)
{
    if (limits->files_max > 0)
        set_limit("files-max", RLIMIT_NOFILE, limits->files_max);
    if (limits->file_size_max > 0)
        set_limit("file-size-max", RLIMIT_FSIZE, limits->file_size_max);
    if (limits->memory_max > 0)
        set_limit("memory-max", RLIMIT_AS, limits->memory_max);
    set_limit("core-max", RLIMIT_CORE, limits->core_max);
    add_nice(limits->nice);
    set_oom_score_adj(limits->oom_score_adj);
    if (limits->no_new_privs)
        set_attribute(PR_SET_NO_NEW_PRIVS, 1, "give up new privileges");
    if (!limits->open)
        set_attribute(PR_SET_DUMPABLE, 0, "close this process to others");
}
