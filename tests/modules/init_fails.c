/* init_fails: a module rejecting all settings. It counts the calls of init(), because only one is
 * allowed. */
#include <taskmaster/module.h>

static int calls;

static int init(const tm_host *host, const char *config)
{
    return tm_host_fail(host, "call %d with %s", ++calls, config);
}

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.name = "init_fails", .init = init, .run = run);
