/* settings: where the master is, and the token for it. */
#ifndef TASKMASTER_QUEUE_MASTER_SETTINGS_H
#define TASKMASTER_QUEUE_MASTER_SETTINGS_H

#include "access/token_set.h"
#include "base/option.h"

struct master_link_settings {
    char *address;    /* HOST:PORT, [IPV6]:PORT or unix:PATH */
    char *token_file; /* NULL: the master is told no token */

    /* Read from the file; the first is told. Empty without one. */
    struct token_set tokens;
};

extern const struct option_table master_link_options;

#endif
