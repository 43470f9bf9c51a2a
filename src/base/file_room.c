/* file_room: see file_room.h. */
#include "base/file_room.h"

#include <sys/resource.h>

enum {
    OWN_FILES = 32,   /* the lowest ten, the loop's, listening sockets, the log, files being read */
    WORKER_FILES = 3, /* socket, output, and one passing descriptor at its start */
    UNAUTHENTICATED_PART = 8, /* the part of a low limit for unauthenticated workers */
    SPARE_FILES = 192, /* beside those of clients and workers; most are for unauthenticated ones */
    CLIENTS_PART_MIN = 8, /* the part of any limit for clients */
};

uint64_t file_room_raise(uint64_t *limit)
{
    struct rlimit files;
    *limit = 0;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return 0;
    uint64_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    *limit = setrlimit(RLIMIT_NOFILE, &files) < 0 ? before : files.rlim_cur;
    return before;
}

/* A pool-max beyond the limit does not shut clients out. */
struct file_room file_room_share(uint64_t limit, uint32_t client_max, uint32_t pool_max)
{
    uint64_t workers = (uint64_t)WORKER_FILES * pool_max, least = limit / CLIENTS_PART_MIN;
    struct file_room room = {.clients = UINT64_MAX,
                             .unauthenticated = FILE_ROOM_UNAUTHENTICATED,
                             .wanted = client_max + SPARE_FILES + workers};
    if (!limit)
        return room;
    if (room.unauthenticated > limit / UNAUTHENTICATED_PART)
        room.unauthenticated = limit / UNAUTHENTICATED_PART;
    uint64_t others = OWN_FILES + room.unauthenticated + workers;
    room.clients = limit > others ? limit - others : 0;
    if (room.clients < least)
        room.clients = least;
    return room;
}
