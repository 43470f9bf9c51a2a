/*
 * master_link: the connection to taskmasterd. Kept jobs are submitted on it, and their events come
 * back on it.
 *
 * The connection is made in the background, and made again after its end, with pauses from 0.1 to 5
 * seconds. The link reads its events whatever happens: the master would hold up everybody's jobs
 * behind a reader that does not read.
 */
#ifndef TASKMASTER_QUEUE_MASTER_LINK_H
#define TASKMASTER_QUEUE_MASTER_LINK_H

#include "net/conn.h"
#include "queue/kept/keep.h"
#include "queue/master/settings.h"

struct master_link;

/* What a link is made of; all is borrowed. */
struct master_link_parts {
    struct conn_loop *loop;
    uint64_t (*random)(void);
    const struct master_link_settings *settings;
};

/* `arg` is the link. */
extern const struct kept_master_ops master_link_ops;

/* Looks the master's address up, and so may wait for the resolver: for the start only. NULL after a
 * message in `error`. */
struct master_link *master_link_new(const struct master_link_parts *parts, char *error,
                                    size_t error_size);

/* Connects from now on, and tells `keep` of it. */
void master_link_start(struct master_link *link, struct keep *keep);

/* The next connection has the token of these settings. */
void master_link_configure(struct master_link *link, const struct master_link_settings *settings);

/* Closes the connection, without telling the keep. The loop's chores free the rest. */
void master_link_free(struct master_link *link);

/* --- views --- */

struct master_link_view {
    const char *address;
    bool is_up;
    const char *boot; /* NULL while away */
    const char *why;  /* while away: the reason; NULL before the first attempt has failed */
};

struct master_link_view master_link_view(const struct master_link *link);

#endif
