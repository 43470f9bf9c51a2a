/* fork_guard: see fork_guard.h. */
#include "fork_guard.h"

#include "report.h"

#include <errno.h>
#include <stddef.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

static const volatile char *mark; /* 1 in the worker, 0 in a child */

void fork_guard_init(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED || madvise(page, size, MADV_WIPEONFORK) < 0) {
        report(TM_ERROR, "cannot make a page that is wiped in a child: %s", strerror(errno));
        exit(EX_OSERR);
    }
    *page = 1;
    mark = page;
}

bool fork_guard_in_child(void)
{
    return mark != NULL && *mark == 0;
}

/* The child's stdout may still hold text from before the fork. The worker prints that text; the
 * child drops it. */
void fork_guard_end_child(const char *module, const char *hook)
{
    if (!fork_guard_in_child())
        return;
    __fpurge(stdout);
    report(TM_ERROR,
           "module %s: process %d, which it forked, returned from %s(), as if it were the worker: "
           "it ends here; end such a process with _exit()",
           module, (int)getpid(), hook);
    _exit(EX_SOFTWARE);
}
