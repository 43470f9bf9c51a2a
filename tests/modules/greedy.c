/*
 * greedy: takes what its worker has, and leaves it taken. The payload says what:
 *
 *     descriptors [N]    N descriptors, or all
 *     memory             all address space
 *     rss N              N bytes of memory
 *     fail               nothing, and fails
 *
 * A config {"descriptors": N} has init() take N.
 */
#include <taskmaster/module.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* 0: all. */
static void take_descriptors(int count)
{
    for (int i = 0; (count == 0 || i < count) && dup(STDERR_FILENO) >= 0; i++)
        ;
}

/* Takes all the rest, in smaller and smaller pieces. */
static void take_memory(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t size = (size_t)1 << 46; size >= page; size /= 2)
        while (mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) !=
               MAP_FAILED)
            ;
}

static int take_rss(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    return memory == MAP_FAILED ? -1 : 0;
}

static int run(tm_job *job)
{
    const char *what = tm_job_data(job, NULL);
    const char *number = strchr(what, ' ');
    long count = number != NULL ? strtol(number, NULL, 10) : 0;

    if (strncmp(what, "fail", 4) == 0)
        return tm_fail(job, "greedy", "as asked");
    if (strncmp(what, "rss", 3) == 0 && take_rss((size_t)count) < 0)
        return tm_fail(job, "no-memory", "no %ld bytes", count);
    if (strcmp(what, "memory") == 0)
        take_memory();
    if (strncmp(what, "descriptors", 11) == 0)
        take_descriptors((int)count);
    return tm_reply(job, "ok", 2);
}

static int init(const tm_host *host, const char *config)
{
    const char *count = strstr(config, "\"descriptors\":");

    (void)host;
    if (count != NULL)
        take_descriptors((int)strtol(strchr(count, ':') + 1, NULL, 10));
    return 0;
}

TM_MODULE(.name = "greedy", .init = init, .run = run);
