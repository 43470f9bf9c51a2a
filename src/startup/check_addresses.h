/* check_addresses: the part of `taskmasterd -t` that looks at the addresses to listen on. */
#ifndef TASKMASTER_STARTUP_CHECK_ADDRESSES_H
#define TASKMASTER_STARTUP_CHECK_ADDRESSES_H

#include "base/option.h"
#include "startup/check.h"

/* Whether the addresses can be had, short of listening on them. Asks the resolver, so this may take
 * seconds. Returns false after a fault. */
bool startup_check_addresses(const struct startup_check *check, const struct option_list *listen,
                             const char *worker_listen);

#endif
