/* no_name: a module that does not say what it is called. */
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.run = run);
