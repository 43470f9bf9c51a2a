/* check_log: see check_log.h. */
#include "daemon/check_log.h"

#include "base/log_file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell_obstacle(const struct daemon_check *check, enum finding finding, const char *path,
                          int error)
{
    daemon_check_tell(check, finding, "log-file", NULL,
                      "found \"%s\", expected a file to write to: %s", path, log_file_fault(error));
}

/* A missing file is no matter: logrotate makes it for the user. */
static void warn_of_reopen(const struct daemon_check *check, const char *path,
                           const struct identity *identity)
{
    int error = identity_access(identity, path, W_OK);
    if (error && error != ENOENT)
        daemon_check_tell(check, FINDING_WARNING, "log-file", NULL,
                          "user %s cannot write \"%s\": %s: it could not be opened again",
                          *identity->user ? identity->user : "of that group", path,
                          strerror(error));
}

bool daemon_open_log(const struct daemon_check *check, const struct log_settings *settings,
                     const struct identity *identity)
{
    const struct log_file_owner owner = {
        .uid = *identity->user ? identity->uid : (uid_t)-1,
        .gid = identity->pending ? identity->gid : (gid_t)-1,
    };
    if (!settings->file)
        return true;
    int error = log_file_open(settings->file, &owner);
    if (error)
        tell_obstacle(check, FINDING_FAULT, settings->file, error);
    else
        warn_of_reopen(check, settings->file, identity);
    return !error;
}

/* Returns 0 or the errno of the obstacle to a new file. */
static int try_directory(const char *path)
{
    char directory[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash == path)
        return access("/", W_OK | X_OK) == 0 ? 0 : errno;
    if (slash && (size_t)(slash - path) < sizeof directory) {
        memcpy(directory, path, (size_t)(slash - path));
        directory[slash - path] = '\0';
    }
    return access(directory, W_OK | X_OK) == 0 ? 0 : errno;
}

static int try_file(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? try_directory(path) : errno;
    if (stat(path, &st) < 0)
        return errno == ENOENT ? EEXIST : errno; /* a link to nothing is not followed */
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    return access(path, W_OK) == 0 ? 0 : errno;
}

bool daemon_check_log(const struct daemon_check *check, const struct log_settings *settings,
                      const struct identity *identity, enum finding finding)
{
    int error = settings->file ? try_file(settings->file) : 0;
    if (error)
        tell_obstacle(check, finding, settings->file, error);
    else if (settings->file)
        warn_of_reopen(check, settings->file, identity);
    return !error || finding == FINDING_WARNING;
}
