/* settings: the program of the workers, and the address of their port. */
#ifndef TASKMASTER_WORKERS_SETTINGS_H
#define TASKMASTER_WORKERS_SETTINGS_H

#include "base/option.h"

#include <stdbool.h>

struct workers_settings {
    char *listen;      /* HOST:PORT */
    char *path;        /* of the worker's program; absolute once resolved, never empty */
    bool no_new_privs; /* for workers and their programs */
};

extern const struct option_table workers_options;

#endif
