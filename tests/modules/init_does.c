/* init_does: a module whose init() does what its settings say: {"do":"hang"}. */
#include <taskmaster/module.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int init(const tm_host *host, const char *config)
{
    (void)host;
    if (strcmp(config, "{\"do\":\"hang\"}") == 0)
        for (;;)
            pause();
    if (strcmp(config, "{\"do\":\"abort\"}") == 0)
        abort();
    if (strcmp(config, "{\"do\":\"exit\"}") == 0)
        exit(0);
    return 0;
}

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.name = "init_does", .init = init, .run = run);
