/* bad_name: a module with another name than its file. */
#include <taskmaster/module.h>

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.name = "other", .run = run);
