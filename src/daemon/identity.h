/* identity: the user and the group to become, looked up once at the start, and their rights. */
#ifndef TASKMASTER_DAEMON_IDENTITY_H
#define TASKMASTER_DAEMON_IDENTITY_H

#include "daemon/identity_settings.h"

#include <stdbool.h>
#include <sys/types.h>

struct identity {
    char user[256]; /* "": no change */
    uid_t uid;      /* ours without a user */
    gid_t gid;      /* the group's, else the user's own, else ours */
    bool pending;   /* user or group is set, and the change is still to be made */
};

/* Looks up the names in the settings. Returns NULL, or the key of an unknown name. */
const char *identity_find(struct identity *identity, const struct identity_settings *settings);

/* Whether the process may become it: as root, or without a change. */
bool identity_possible(const struct identity *identity);

/* Becomes it. Without the right to, ends the process. */
void identity_become(struct identity *identity);

/* Calls `attempt` in a child that has become the identity. Returns 0, or the errno of the failure
 * if the call returned another value than 0. */
int identity_try(const struct identity *identity, int (*attempt)(const void *arg), const void *arg);

/* Asks for a process of the identity, as access(2) does. Returns 0 or an errno. */
int identity_access(const struct identity *identity, const char *path, int mode);

#endif
