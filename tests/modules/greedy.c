/* greedy: takes all of its worker's descriptors or address space, as the payload asks. */
#include <taskmaster/module.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void take_descriptors(void)
{
    while (dup(STDERR_FILENO) >= 0)
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

static int run(tm_job *job)
{
    if (strcmp(tm_job_data(job, NULL), "memory") == 0)
        take_memory();
    else
        take_descriptors();
    return tm_reply(job, "ok", 2);
}

TM_MODULE(.name = "greedy", .run = run);
