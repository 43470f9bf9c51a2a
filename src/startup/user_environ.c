/*
 * user_environ: see user_environ.h.
 *
 * Programs that modules start look for their files below HOME: what root left there would be read
 * with another's rights, or more often could not be, and nothing could be written.
 */
#include "startup/user_environ.h"

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
