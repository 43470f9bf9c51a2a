/* bad_end: a module with a broken end, as its last job asked. */
#include <taskmaster/module.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char how[32];

static void go_wrong(void)
{
    if (strstr(how, "crash"))
        raise(SIGSEGV);
    if (strstr(how, "status"))
        _exit(3);
    while (strstr(how, "hang"))
        pause();
}

static void at_exit(void)
{
    if (strstr(how, "exit:"))
        go_wrong();
}

static void fini(void)
{
    if (strstr(how, "fini:"))
        go_wrong();
}

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);

    if (how[0] == '\0')
        atexit(at_exit);
    strncpy(how, data, sizeof(how) - 1);
    return tm_reply(job, data, len);
}

TM_MODULE(.name = "bad_end", .run = run, .fini = fini);
