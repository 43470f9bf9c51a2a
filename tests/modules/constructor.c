/* constructor: a module with a constructor; the command is in $CONSTRUCTOR. */
#include <taskmaster/module.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Writes the environment and the open descriptors, except its own. */
static void show(void)
{
    DIR *dir = opendir("/proc/self/fd");
    const struct dirent *entry;

    for (char **variable = environ; *variable != NULL; variable++)
        printf("env %s\n", *variable);
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
            printf("fd %s\n", entry->d_name);
    if (dir != NULL)
        closedir(dir);
}

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("CONSTRUCTOR");

    if (what == NULL)
        return;
    if (strcmp(what, "exit") == 0)
        exit(0);
    if (strcmp(what, "show") == 0)
        show();
    if (strcmp(what, "fork and hang") == 0 && fork() < 0)
        abort();
    while (strstr(what, "hang") != NULL)
        pause();
}

static int run(tm_job *job)
{
    return tm_reply(job, "", 0);
}

TM_MODULE(.name = "constructor", .version = "1.0", .run = run);
