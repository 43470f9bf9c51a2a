/* init_does: a module with an init() obeying its settings: {"do":"hang"}. With "talk" it prints
 * more than a pipe holds, and leaves the last line unfinished. */
#include <taskmaster/module.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int talk(void)
{
    for (int line = 0; line < 2000; line++)
        printf("%060d\n", line);
    return printf("and so on") < 0;
}

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
    if (strcmp(config, "{\"do\":\"talk\"}") == 0)
        return talk();
    return 0;
}

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.name = "init_does", .init = init, .run = run);
