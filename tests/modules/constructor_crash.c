/* constructor_crash: a module with a constructor that ends the process. */
#include <taskmaster/module.h>

#include <stdlib.h>

__attribute__((constructor)) static void crash(void)
{
    abort();
}

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.name = "constructor_crash", .run = run);
