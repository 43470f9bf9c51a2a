/*
 * file_room: the limit of open files, and how many of them clients and workers may have.
 *
 * Clients come on their own and stay. A worker that replaces another needs its descriptors at that
 * moment. So clients leave room for as many workers as pool-max allows, whether these run or not.
 */
#ifndef TASKMASTER_BASE_FILE_ROOM_H
#define TASKMASTER_BASE_FILE_ROOM_H

#include <stdint.h>

/* Unauthenticated connections on the worker port, unless the limit is low. A turn accepts fewer, so
 * the hello of each is seen before another connection takes its place. */
enum { FILE_ROOM_UNAUTHENTICATED = 128 };

struct file_room {
    uint64_t clients;         /* connections of clients that leave room for all others */
    uint64_t unauthenticated; /* on the worker port */
    uint64_t wanted;          /* what the limit should be, so that nobody has to do with less */
};

/* As many as we may have; `*limit` is how many these are. Returns the limit that was in force
 * before. 0 and 0 if nothing is known of it. */
uint64_t file_room_raise(uint64_t *limit);

struct file_room file_room_share(uint64_t limit, uint32_t client_max, uint32_t pool_max);

#endif
