/* init_once: a module with an init() that refuses if a certain file exists, and removes the file:
 * init() refuses once. */
#include <taskmaster/module.h>

#include <stdio.h>
#include <unistd.h>

static int init(const tm_host *host, const char *config)
{
    char path[256] = "";

    if (sscanf(config, "{\"flag\":\"%255[^\"]\"}", path) == 1 && unlink(path) == 0)
        return tm_host_fail(host, "there was a file");
    return 0;
}

static int run(tm_job *job)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%d", (int)getpid());

    return tm_reply(job, text, (size_t)len);
}

TM_MODULE(.name = "init_once", .init = init, .run = run);
