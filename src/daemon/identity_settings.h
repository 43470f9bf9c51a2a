/* identity_settings: the user and the group to become. */
#ifndef TASKMASTER_DAEMON_IDENTITY_SETTINGS_H
#define TASKMASTER_DAEMON_IDENTITY_SETTINGS_H

#include "base/option.h"

struct identity_settings {
    char *user;  /* NULL: no change */
    char *group; /* NULL: the user's own */
};

extern const struct option_table identity_options;

#endif
