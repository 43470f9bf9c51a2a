/* limits: whether the system lets a daemon be as large as its settings. */
#include "client/doctor/doctor.h"

#include "client/local/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    OTHERS = 128,          /* descriptors for listeners, the log, unauthenticated clients */
    WORKER_FILES = 3,      /* descriptors of a worker in its master */
    FULL_PERCENT = 90,     /* of the memory of a cgroup */
    TEXT_SIZE_MAX = 65536, /* of a file in /proc or /sys */
};

/* Returns the soft limit in the text of /proc/PID/limits; -1: none. */
static int64_t soft_limit(const char *limits, const char *name)
{
    const char *line = limits ? strstr(limits, name) : NULL;
    if (!line)
        return -1;
    char *end;
    line += strlen(name);
    long long limit = strtoll(line, &end, 10);
    return end == line ? -1 : limit;
}

static void check_files(const char *limits, const struct doctor_needs *needs,
                        struct findings *findings)
{
    int64_t limit = soft_limit(limits, "Max open files");
    int64_t need = needs->clients + WORKER_FILES * needs->workers + OTHERS;
    if (limit < 0 || limit >= need)
        return;
    findings_tell(findings, FINDING_WARNING, "limit-files", needs->name, NULL,
                  "the process may have %" PRId64
                  " open files, and its settings want up to %" PRId64
                  ": fewer clients than client-max will be let in",
                  limit, need);
    findings_advise(findings, "LimitNOFILE=%" PRId64 " in the unit, or ulimit -n %" PRId64, need,
                    need);
}

static void check_processes(const char *limits, const struct doctor_needs *needs,
                            struct findings *findings)
{
    int64_t limit = soft_limit(limits, "Max processes");
    if (limit < 0 || limit >= needs->workers + 1)
        return;
    findings_tell(findings, FINDING_WARNING, "limit-processes", needs->name, NULL,
                  "its user may have %" PRId64 " processes, and pool-max wants %" PRId64 " workers",
                  limit, needs->workers);
    findings_advise(findings, "LimitNPROC= in the unit, or ulimit -u, with more than %" PRId64,
                    needs->workers);
}

static void check_tasks(const char *cgroup, const struct doctor_needs *needs,
                        struct findings *findings)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/pids.max", cgroup);
    long long max = file_read_number(path, -1);
    if (max < 0 || max >= needs->workers + 1)
        return;
    findings_tell(findings, FINDING_WARNING, "limit-tasks", needs->name, NULL,
                  "its control group may have %lld tasks, and pool-max wants %" PRId64 " workers",
                  max, needs->workers);
    findings_advise(findings, "TasksMax=%" PRId64 " in the unit", 2 * needs->workers + OTHERS);
}

static void check_memory(const char *cgroup, const struct doctor_needs *needs,
                         struct findings *findings)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/memory.max", cgroup);
    long long max = file_read_number(path, -1);
    snprintf(path, sizeof path, "%s/memory.current", cgroup);
    long long now = file_read_number(path, 0);
    if (max <= 0 || now / (max / 100 + 1) < FULL_PERCENT)
        return;
    findings_tell(findings, FINDING_WARNING, "limit-memory", needs->name, NULL,
                  "its control group uses %lld of %lld MiB: the kernel kills workers soon",
                  now >> 20, max >> 20);
    findings_advise(findings,
                    "raise MemoryMax= in the unit, or set pool-max or worker-max-rss lower");
}

static void check_oom_score(const char *process, const struct doctor_needs *needs,
                            struct findings *findings)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/oom_score_adj", process);
    long long score = file_read_number(path, 0);
    if (score <= 0)
        return;
    findings_tell(findings, FINDING_WARNING, "oom-score", needs->name, NULL,
                  "its oom_score_adj is %lld: for want of memory the kernel kills it before others",
                  score);
    findings_advise(findings, "OOMScoreAdjust=-500 in the unit");
}

/* The directory of the process's control group, of the second version; false: none. */
static bool find_cgroup(const char *root, const char *process, char *cgroup, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/cgroup", process);
    char *text = file_read_head(path, TEXT_SIZE_MAX, NULL);
    const char *line = text ? strstr(text, "0::/") : NULL;
    if (line)
        snprintf(cgroup, size, "%s/sys/fs/cgroup%.*s", root, (int)strcspn(line + 3, "\n"),
                 line + 3);
    free(text);
    return line != NULL;
}

void doctor_limits(const char *root, long pid, const struct doctor_needs *needs,
                   struct findings *findings)
{
    char process[512], path[1024], cgroup[4000];
    snprintf(process, sizeof process, "%s/proc/%ld", root, pid);
    snprintf(path, sizeof path, "%s/limits", process);
    char *limits = file_read_head(path, TEXT_SIZE_MAX, NULL);
    check_files(limits, needs, findings);
    check_processes(limits, needs, findings);
    check_oom_score(process, needs, findings);
    free(limits);
    if (!find_cgroup(root, process, cgroup, sizeof cgroup))
        return;
    check_tasks(cgroup, needs, findings);
    check_memory(cgroup, needs, findings);
}
