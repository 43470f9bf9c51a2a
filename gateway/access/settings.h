/* settings: who may use the gateway, and under which names of a host. */
#ifndef TASKMASTER_GATEWAY_ACCESS_SETTINGS_H
#define TASKMASTER_GATEWAY_ACCESS_SETTINGS_H

#include "access/settings.h"

struct gateway_access_settings {
    struct access_settings access; /* of it access_file, and the tokens read from it */
    bool allow_writes;             /* without an access_file */
    struct option_list hosts;      /* names of ours, besides localhost and the addresses */
};

extern const struct option_table gateway_access_options;

/* A name or an address as in a Host header, but without a port and without brackets. */
bool gateway_host_valid(const char *host);

#endif
