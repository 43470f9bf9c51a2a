/* identity: see identity.h. */
#include "daemon/identity.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

const char *identity_find(struct identity *identity, const struct identity_settings *settings)
{
    const struct passwd *user = NULL;
    const struct group *group = NULL;
    /* cppcheck-suppress getpwnamCalled ; we have one thread */
    if (settings->user && !(user = getpwnam(settings->user)))
        return "user";
    /* cppcheck-suppress getgrnamCalled ; likewise */
    if (settings->group && !(group = getgrnam(settings->group)))
        return "group";
    *identity = (struct identity){
        .uid = user ? user->pw_uid : geteuid(),
        .gid = group  ? group->gr_gid
               : user ? user->pw_gid
                      : getegid(),
        .pending = user || group,
    };
    if (user)
        snprintf(identity->user, sizeof identity->user, "%s", settings->user);
    return NULL;
}

bool identity_possible(const struct identity *identity)
{
    return identity_access(identity, "/", F_OK) == 0;
}

/* Returns NULL, or the failed step, with errno. Group first: the new user may not change it. */
static const char *become(const struct identity *identity)
{
    if (!identity->pending)
        return NULL;
    if (geteuid() == 0 && (*identity->user ? initgroups(identity->user, identity->gid)
                                           : setgroups(1, &identity->gid)) < 0)
        return "set the groups of the process";
    if (setgid(identity->gid) < 0)
        return "change the group";
    if (*identity->user && setuid(identity->uid) < 0)
        return "change the user";
    return NULL;
}

void identity_become(struct identity *identity)
{
    const char *failed = become(identity);
    identity->pending = false;
    if (failed)
        fatal(EX_NOPERM, "cannot %s, as user %s and group %u", failed,
              *identity->user ? identity->user : "-", (unsigned)identity->gid);
}

/* In the child: nothing of ours is to run at its end. */
static _Noreturn void become_and_try(const struct identity *identity,
                                     int (*attempt)(const void *arg), const void *arg)
{
    if (!become(identity) && attempt(arg) == 0)
        _exit(0);
    _exit(errno > 0 && errno < 256 ? errno : EACCES);
}

int identity_try(const struct identity *identity, int (*attempt)(const void *arg), const void *arg)
{
    int status;
    pid_t pid = fork();
    if (pid < 0)
        return errno;
    if (pid == 0)
        become_and_try(identity, attempt, arg);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

struct access_question {
    const char *path;
    int mode;
};

static int try_access(const void *arg)
{
    const struct access_question *question = arg;
    return faccessat(AT_FDCWD, question->path, question->mode, AT_EACCESS);
}

/* The kernel alone knows all rules (groups, ACLs, every directory on the way). */
int identity_access(const struct identity *identity, const char *path, int mode)
{
    const struct access_question question = {path, mode};
    if (identity->pending)
        return identity_try(identity, try_access, &question);
    return try_access(&question) == 0 ? 0 : errno;
}
