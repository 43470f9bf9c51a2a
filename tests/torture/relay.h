/* relay: the wire between taskqueued and its master. The harness can cut the wire, and holds new
 * connections while the master is away or shall be alone. */
#ifndef TORTURE_RELAY_H
#define TORTURE_RELAY_H

#include "loop.h"

#include <netinet/in.h>
#include <sys/queue.h>

struct relay_pair;

struct relay {
    struct loop *loop;
    struct loop_watch listener;
    struct sockaddr_in master;
    bool open;
    LIST_HEAD(, relay_pair) pairs;
};

/* Listens at this path. */
void relay_init(struct relay *relay, struct loop *loop, const char *path);
void relay_free(struct relay *relay);

/* Connections are carried to the master, the held ones too. */
void relay_open(struct relay *relay, const struct sockaddr_in *master);

/* New connections are held; the present ones live on. */
void relay_hold(struct relay *relay);

/* All connections end. */
void relay_cut(struct relay *relay);

#endif
