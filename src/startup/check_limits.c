/*
 * check_limits: see check_limits.h.
 *
 * A worker sets its limits as the user of the master, and reports what is refused
 * (worker/confine.h): a line for each worker, once the server is running. Here a child tries them
 * beforehand. The rules are the kernel's (hard limits, capabilities, RLIMIT_NICE), so that asking
 * it is the only way to know.
 */
#include "startup/check_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int set_limit(__rlimit_resource_t which, uint64_t max)
{
    return setrlimit(which, &(struct rlimit){.rlim_cur = max, .rlim_max = max});
}

static int try_memory_max(const void *pool)
{
    return set_limit(RLIMIT_AS, ((const struct pool_settings *)pool)->memory_max);
}

static int try_file_size_max(const void *pool)
{
    return set_limit(RLIMIT_FSIZE, ((const struct pool_settings *)pool)->file_size_max);
}

static int try_files_max(const void *pool)
{
    return set_limit(RLIMIT_NOFILE, ((const struct pool_settings *)pool)->files_max);
}

static int try_core_max(const void *pool)
{
    return set_limit(RLIMIT_CORE, ((const struct pool_settings *)pool)->core_max);
}

static int try_nice(const void *pool)
{
    int nice = ((const struct pool_settings *)pool)->nice;
    return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nice);
}

static int write_oom_score_adj(int fd, int value)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%d", value);
    return write(fd, text, (size_t)len) < 0 ? -1 : 0;
}

/* The file is root's in a process that has changed its user and is not dumpable. */
static int try_oom_score_adj(const void *pool)
{
    prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = write_oom_score_adj(fd, ((const struct pool_settings *)pool)->oom_score_adj);
    close(fd);
    return result;
}

static void check_one(const struct daemon_check *check, const struct identity *identity,
                      const struct pool_settings *pool, const char *key,
                      int (*attempt)(const void *pool))
{
    int e = identity_try(identity, attempt, pool);
    if (e && pool->name)
        daemon_check_tell(check, FINDING_WARNING, "pools", pool->name,
                          "the system refuses %s: %s: its workers do without it", key, strerror(e));
    else if (e)
        daemon_check_tell(check, FINDING_WARNING, key, NULL,
                          "the system refuses it: %s: workers do without it", strerror(e));
}

/* A child takes a millisecond: only values that can be refused are tried. */
static void check_pool(const struct daemon_check *check, const struct identity *identity,
                       const struct pool_settings *pool)
{
    if (pool->memory_max)
        check_one(check, identity, pool, "memory-max", try_memory_max);
    if (pool->file_size_max)
        check_one(check, identity, pool, "file-size-max", try_file_size_max);
    if (pool->files_max)
        check_one(check, identity, pool, "files-max", try_files_max);
    if (pool->core_max)
        check_one(check, identity, pool, "core-max", try_core_max);
    if (pool->nice < 0)
        check_one(check, identity, pool, "nice", try_nice);
    if (pool->oom_score_adj < 0)
        check_one(check, identity, pool, "oom-score-adj", try_oom_score_adj);
}

void startup_check_limits(const struct daemon_check *check, const struct job_settings *jobs,
                          const struct identity *identity)
{
    const struct pool_settings *pools = jobs->pools.items;
    check_pool(check, identity, &jobs->pool);
    for (size_t i = 0; i < jobs->pools.count; i++)
        check_pool(check, identity, &pools[i]);
}
