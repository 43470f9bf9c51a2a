/* addresses: see addresses.h. */
#include "addresses.h"

#include "all_settings.h"
#include "common/log.h"

#include <netinet/in.h>
#include <sysexits.h>

int addresses_open(struct addresses *addresses, const struct listening *with,
                   listener_accept accept_client, listener_accept accept_worker)
{
    const struct settings *settings = settings_of(with->config);
    addresses->workers =
        daemon_listen(with, "worker-listen", settings->workers.listen, "workers", accept_worker);
    return addresses->workers ? listeners_open(&addresses->clients, with,
                                               &settings->clients.peers.listen, accept_client)
                              : -1;
}

void addresses_close_clients(struct addresses *addresses)
{
    listeners_close(&addresses->clients);
}

void addresses_close(struct addresses *addresses)
{
    addresses_close_clients(addresses);
    listener_close(addresses->workers);
    addresses->workers = NULL;
}

/* The master may listen on a wildcard; workers connect to the loopback then. */
socklen_t addresses_of_workers(const struct addresses *addresses, struct sockaddr_storage *addr)
{
    socklen_t len = listener_address(addresses->workers, addr);
    if (!len)
        fatal(EX_OSERR, "cannot tell the address of the worker port");
    struct sockaddr_in *in = (struct sockaddr_in *)addr;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
    if (addr->ss_family == AF_INET && in->sin_addr.s_addr == htonl(INADDR_ANY))
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (addr->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
        in6->sin6_addr = in6addr_loopback;
    return len;
}
