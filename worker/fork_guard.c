/* fork_guard: see fork_guard.h. */
#include "fork_guard.h"

#include "fork_mark.h"
#include "report.h"

#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

void fork_guard_init(void)
{
    if (fork_mark_init() == 0)
        return;
    report(TM_ERROR, "cannot make a page that is wiped in a child: %s", strerror(errno));
    exit(EX_OSERR);
}

/* The child's stdout may still hold text from before the fork. The worker prints that text; the
 * child drops it. */
void fork_guard_end_child(const char *module, const char *hook)
{
    if (!fork_mark_in_child())
        return;
    __fpurge(stdout);
    report(TM_ERROR,
           "module %s: its child process %d returned from %s() and was ended: a child must end by "
           "_exit() or exec",
           module, (int)getpid(), hook);
    _exit(EX_SOFTWARE);
}
