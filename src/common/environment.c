/*
 * environment: one table of prefixes; one that ends with '=' is a whole name.
 *
 * The first rows are what glibc itself removes for setuid programs: it loads code or reads files,
 * or changes how memory is handed out. The last ones are the master's own dealings: a worker that
 * answers a service manager, or takes over its sockets, would do so in the master's name.
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
