/*
 * file_room: the limit of open files, and how many of them clients and workers may have.
 *
 * Clients come on their own and stay. A replacing worker needs its descriptors at once. So clients
 * leave room for pool-max workers, running or not.
 */
#ifndef TASKMASTER_BASE_FILE_ROOM_H
#define TASKMASTER_BASE_FILE_ROOM_H

#include <stdint.h>

/* Unauthenticated connections on the worker port, unless the limit is low. A turn accepts fewer, so
 * the hello of each is seen before another connection takes its place. */
enum { FILE_ROOM_UNAUTHENTICATED = 128 };

struct file_room {
    uint64_t clients;         /* the most connections of clients, with room left for all others */
    uint64_t unauthenticated; /* on the worker port */
    uint64_t wanted;          /* the limit of open files to serve everybody in full */
};

/* Raises the limit of open files as far as allowed, to `*limit`. Returns the limit in force before.
 * Both are 0 if the limit is unknown. */
uint64_t file_room_raise(uint64_t *limit);

/* Shares `limit` descriptors out. */
struct file_room file_room_share(uint64_t limit, uint32_t client_max, uint32_t pool_max);

#endif
