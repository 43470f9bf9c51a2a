/*
 * identity: the user and group that the settings ask the daemon to become, looked up once at the
 * start, and what that user may do.
 */
#ifndef TASKMASTER_STARTUP_IDENTITY_H
#define TASKMASTER_STARTUP_IDENTITY_H

#include "startup/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct identity {
    char user[256]; /* "": stay who we are */
    uid_t uid;      /* ours without a user */
    gid_t gid;      /* the group's, else the user's own, else ours */
    bool pending;   /* user or group is set, and we are not yet who they say */
};

/* Looks up the names in the settings. Returns NULL, or the key of a name that is nobody's. */
const char *identity_find(struct identity *identity, const struct identity_settings *settings);

/* Whether we may become it: as root, or it is who we are. */
bool identity_possible(const struct identity *identity);

/* Becomes it; ends the process if it may not. */
void identity_become(struct identity *identity);

/* Whether a process of that identity could open `path` for `mode`, as in access(2). 0 or an errno.
 */
int identity_access(const struct identity *identity, const char *path, int mode);

#endif
