/* fork_mark: see fork_mark.h. */
#include "fork_mark.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static const volatile char *mark; /* 1 in the worker, 0 in a child */

int fork_mark_init(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED || madvise(page, size, MADV_WIPEONFORK) < 0)
        return -1;
    *page = 1;
    mark = page;
    return 0;
}

bool fork_mark_in_child(void)
{
    return mark != NULL && *mark == 0;
}
