/*
 * user_environ: see user_environ.h.
 *
 * Programs started by modules look for their files below HOME. With root's HOME they would read
 * root's files with another user's rights, or mostly fail to, and could write nothing.
 */
#include "daemon/user_environ.h"

#include "common/log.h"

#include <pwd.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

void user_environ_set(const char *user)
{
    /* cppcheck-suppress getpwnamCalled ; we have one thread */
    const struct passwd *entry = user ? getpwnam(user) : NULL;
    if (!entry || entry->pw_uid != geteuid())
        return;
    if (setenv("HOME", entry->pw_dir, 1) < 0 || setenv("USER", entry->pw_name, 1) < 0 ||
        setenv("LOGNAME", entry->pw_name, 1) < 0)
        fatal(EX_OSERR, "cannot set the environment");
}
