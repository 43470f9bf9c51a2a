/* manager_env: see manager_env.h. */
#include "daemon/manager_env.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool manager_env_number(const char *name, uint64_t *number)
{
    const char *text = getenv(name);
    char *end;
    if (!text || !isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

bool manager_env_is_ours(const char *name)
{
    uint64_t pid;
    return manager_env_number(name, &pid) && pid == (uint64_t)getpid();
}
