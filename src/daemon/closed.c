/* closed: see closed.h. */
#include "daemon/closed.h"

#include "common/log.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

void closed_set(bool allow_debug)
{
    if (prctl(PR_SET_DUMPABLE, allow_debug ? 1UL : 0UL, 0UL, 0UL, 0UL) < 0)
        log_event(LOG_WARN, "settings", LOG_STR("why", strerror(errno)),
                  LOG_STR("hint", "workers may be able to read the server's memory"));
}
