/*
 * environment: see environment.h. The prefixes are in one table; a prefix ending with '=' is a
 * whole name.
 *
 * The first rows are the variables removed by glibc for setuid programs: they load code, read
 * files, or change the allocation of memory. The last rows are for talk between a service manager
 * and the master: a worker using them would answer, or take over sockets, in the master's name.
 */
#include "environment.h"

#include <stddef.h>
#include <string.h>

static const char *const prefixes[] = {
    "LD_",          "DYLD_",           "GCONV_PATH=",       "GETCONF_DIR=", "GLIBC_TUNABLES=",
    "HOSTALIASES=", "LOCALDOMAIN=",    "LOCPATH=",          "MALLOC_",      "NIS_PATH=",
    "NLSPATH=",     "RES_OPTIONS=",    "RESOLV_HOST_CONF=", "LISTEN_",      "NOTIFY_SOCKET=",
    "WATCHDOG_",    "JOURNAL_STREAM=", "INVOCATION_ID=",    "MAINPID=",     "TASKMASTER_",
};

bool environment_is_scrubbed(const char *entry)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}
