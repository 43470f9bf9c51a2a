/* address: HOST:PORT, [IPV6]:PORT or unix:PATH, turned into a connected socket. */
#ifndef TASKMASTER_CLIENT_LIB_ADDRESS_H
#define TASKMASTER_CLIENT_LIB_ADDRESS_H

#include "failure.h"

#include <sys/un.h>

struct tmc_address {
    bool local;     /* a unix socket: only `path` counts */
    char host[256]; /* a name's length is at most 253 */
    char port[6];
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* Returns OK, or INVALID with the fault of `text` in `failure`. */
tm_client_status tmc_address_parse(const char *text, struct tmc_address *address,
                                   struct tmc_failure *failure);

/* Returns OK, TIMEOUT, UNREACHABLE or MEMORY. OK: `*fd` is a connected socket, non-blocking and
 * close-on-exec, the caller's. */
tm_client_status tmc_address_connect(const struct tmc_address *address, int64_t deadline, int *fd,
                                     struct tmc_failure *failure);

#endif
