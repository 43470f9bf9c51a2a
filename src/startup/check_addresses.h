/* check_addresses: the addresses to listen on, for `taskmasterd -t`. */
#ifndef TASKMASTER_STARTUP_CHECK_ADDRESSES_H
#define TASKMASTER_STARTUP_CHECK_ADDRESSES_H

#include "base/option.h"
#include "startup/check.h"

/* The addresses can be had, as far as a look without listening can tell. Asks the resolver, and may
 * take seconds. Returns false after a fault. */
bool startup_check_addresses(const struct startup_check *check, const struct option_list *listen,
                             const char *worker_listen);

#endif
