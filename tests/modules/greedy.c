/* greedy: leaves its worker without descriptors or memory, as the payload says. */
#include <taskmaster/module.h>

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DESCRIPTORS = 64 };

static int take_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -1;
    limit.rlim_cur = DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -1;
    while (dup(STDERR_FILENO) >= 0)
        ;
    return 0;
}

/* What it has it may keep. */
static int take_memory(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) < 0)
        return -1;
    limit.rlim_cur = 1;
    return setrlimit(RLIMIT_AS, &limit);
}

static int run(tm_job *job)
{
    const char *what = tm_job_data(job, NULL);
    int result = strcmp(what, "memory") == 0 ? take_memory() : take_descriptors();

    return result < 0 ? tm_fail(job, "limit", "setrlimit failed") : tm_reply(job, "ok", 2);
}

TM_MODULE(.name = "greedy", .run = run);
