/* check_paths: see check_paths.h. */
#include "startup/check_paths.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns 0, or the errno of the obstacle for that user. */
static int usable(const struct identity *identity, const char *path, bool directory)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno;
    if (directory && !S_ISDIR(st.st_mode))
        return ENOTDIR;
    if (!directory && S_ISDIR(st.st_mode))
        return EISDIR;
    return identity_access(identity, path, directory ? R_OK | X_OK : X_OK);
}

static bool check_path(const struct daemon_check *check, const struct identity *identity,
                       const char *key, const char *path, bool directory)
{
    const char *expected = directory ? "a directory that can be read" : "a program that can be run";
    const char *user = identity->user;
    int e = usable(identity, path, directory);
    if (e)
        daemon_check_tell(check, FINDING_FAULT, key, NULL, "%s \"%s\", expected %s%s%s: %s",
                          config_is_set(check->config, key) ? "found" : "by default", path,
                          expected, *user ? " by user " : "", user, strerror(e));
    return !e;
}

bool startup_check_paths(const struct daemon_check *check, const char *worker_path,
                         const char *module_dir, const struct identity *identity)
{
    bool fine = check_path(check, identity, "worker-path", worker_path, false);
    return check_path(check, identity, "module-dir", module_dir, true) && fine;
}
