/* init_silent: a module failing in init() without a reason. */
#include <taskmaster/module.h>

static int init(const tm_host *host, const char *config)
{
    (void)host;
    (void)config;
    return -7;
}

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.name = "init_silent", .init = init, .run = run);
