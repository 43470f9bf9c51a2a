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

/*
 * The steps of a connect, for those who do not wait for it. The lookup of a name does wait for the
 * resolver; a unix socket needs none. Returns OK, with `*infos` to be freed with freeaddrinfo(), or
 * UNREACHABLE or MEMORY.
 */
struct addrinfo;
tm_client_status tmc_address_resolve(const struct tmc_address *address, struct addrinfo **infos,
                                     struct tmc_failure *failure);

/* Begin a connect. Return a socket, non-blocking and close-on-exec, the caller's; it is writable
 * once the connect has ended. Return -1 with errno. */
int tmc_address_begin_tcp(const struct addrinfo *info);
int tmc_address_begin_unix(const struct tmc_address *address);

/* Returns 0 if the ended connect of this socket has succeeded, or -1 with errno. */
int tmc_address_connect_result(int fd);

/* Sets the words for a connect that failed with this errno. Returns `status`, or MEMORY. */
tm_client_status tmc_address_fail(const struct tmc_address *address, int error,
                                  tm_client_status status, struct tmc_failure *failure);

/* True if somebody listens at this address: a server, or the next one's service manager. */
bool tmc_address_is_listened_to(const char *text, int64_t deadline);

/* Returns OK, TIMEOUT, UNREACHABLE or MEMORY. OK: `*fd` is a connected socket, non-blocking and
 * close-on-exec, the caller's. */
tm_client_status tmc_address_connect(const struct tmc_address *address, int64_t deadline, int *fd,
                                     struct tmc_failure *failure);

#endif
