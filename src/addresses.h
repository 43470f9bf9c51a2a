/* addresses: opens and closes the master's addresses, for clients and for workers. */
#ifndef TASKMASTER_ADDRESSES_H
#define TASKMASTER_ADDRESSES_H

#include "daemon/listeners.h"

struct addresses {
    struct listeners clients;
    struct listener *workers;
};

/* Opens them all. Returns 0, or -1 after a line in the log; the caller closes them in both cases.
 */
int addresses_open(struct addresses *addresses, const struct listening *with,
                   listener_accept accept_client, listener_accept accept_worker);

/* Twice is fine. */
void addresses_close_clients(struct addresses *addresses);
void addresses_close(struct addresses *addresses);

/* Writes the address for the connections of workers. Returns its length. */
socklen_t addresses_of_workers(const struct addresses *addresses, struct sockaddr_storage *addr);

#endif
