/* check_addresses: the addresses to listen on, for -t. */
#ifndef TASKMASTER_DAEMON_CHECK_ADDRESSES_H
#define TASKMASTER_DAEMON_CHECK_ADDRESSES_H

#include "base/option.h"
#include "daemon/check.h"

/* An address to listen on, and its key. */
struct check_address {
    const char *key, *text;
};

/* The addresses of `listen` and, unless its key is NULL, one `more` can be had, as far as a look
 * without listening can tell. Asks the resolver, and may take seconds. Returns false after a fault.
 */
bool daemon_check_addresses(const struct daemon_check *check, const struct option_list *listen,
                            const struct check_address *more);

#endif
