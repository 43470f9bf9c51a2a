/* settings: access of clients. */
#ifndef TASKMASTER_ACCESS_SETTINGS_H
#define TASKMASTER_ACCESS_SETTINGS_H

#include "access/token_set.h"
#include "base/option.h"

#include <stdbool.h>

struct access_settings {
    char *token_file; /* without both files no token is asked for */
    char *access_file;
    bool allow_open_listen;

    /* Read from both files; empty without them. */
    struct token_set tokens;
};

extern const struct option_table access_options;

#endif
