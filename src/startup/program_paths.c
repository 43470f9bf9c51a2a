/*
 * program_paths: see program_paths.h.
 *
 * In a build tree everything is in one directory. An installed tree may be anywhere, so its parts
 * are found from the program's own place, not from a PREFIX told to the compiler.
 */
#include "startup/program_paths.h"

#include "common/xmalloc.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory of an absolute path, without a slash at its end: the empty text for /x. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return xasprintf("%.*s", slash ? (int)(slash - path) : 0, path);
}

/* The directory of the running program, absolute. Without /proc it is looked for by its name. */
static char *program_dir(const char *program)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len > 0)
        path[len] = '\0';
    else if (!program || !realpath(program, path))
        return xstrdup("/usr/local/bin");
    return parent_of(path);
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A relative path from the file would change its meaning if the master changed directory. */
static void make_absolute(char **path)
{
    if ((*path)[0] == '/')
        return;
    char *cwd = getcwd(NULL, 0);
    if (!cwd)
        return; /* the directory is gone: nothing relative will be found, and opening it says so */
    char *joined = xasprintf("%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, *path);
    free(cwd);
    free(*path);
    *path = joined;
}

void program_paths_complete(const char *program, char **worker_path, char **module_dir)
{
    char *dir = program_dir(program);
    char *prefix = parent_of(dir);
    char *worker = xasprintf("%s/taskmaster-worker", dir);
    char *modules = xasprintf("%s/modules", dir);
    if (access(worker, X_OK) < 0 || !is_dir(modules)) {
        free(worker);
        free(modules);
        worker = xasprintf("%s/libexec/taskmaster/taskmaster-worker", prefix);
        modules = xasprintf("%s/lib/taskmaster/modules", prefix);
    }
    if (!*worker_path)
        *worker_path = xstrdup(worker);
    if (!*module_dir)
        *module_dir = xstrdup(modules);
    make_absolute(worker_path);
    make_absolute(module_dir);
    free(modules);
    free(worker);
    free(prefix);
    free(dir);
}
