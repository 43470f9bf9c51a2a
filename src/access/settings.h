/* settings: who may connect. */
#ifndef TASKMASTER_ACCESS_SETTINGS_H
#define TASKMASTER_ACCESS_SETTINGS_H

#include "access/token_set.h"
#include "base/option.h"

#include <stdbool.h>

struct access_settings {
    char *token_file; /* NULL: no token is asked for */
    bool allow_open_listen;

    /* Read from token_file: one token a line, so that tokens can be rotated. Empty without a
     * token_file. */
    struct token_set tokens;
};

extern const struct option_table access_options;

#endif
