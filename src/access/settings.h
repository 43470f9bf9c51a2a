/* settings: access of clients. */
#ifndef TASKMASTER_ACCESS_SETTINGS_H
#define TASKMASTER_ACCESS_SETTINGS_H

#include "access/token_set.h"
#include "base/option.h"

#include <stdbool.h>

struct access_settings {
    char *token_file; /* NULL: no token is asked for */
    bool allow_open_listen;

    /* Read from token_file; empty without one. */
    struct token_set tokens;
};

extern const struct option_table access_options;

#endif
