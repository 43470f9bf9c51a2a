/* no_name: a module without a name. */
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.run = run);
