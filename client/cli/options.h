/* options: the table of options. Parsing (arguments.c), usage errors and --help come from it. */
#ifndef TASKMASTER_CLIENT_CLI_OPTIONS_H
#define TASKMASTER_CLIENT_CLI_OPTIONS_H

#include "settings.h"
#include "value.h"

enum { OPTIONS_MAX = 64 }; /* a bit for each */

struct option_row {
    const char *name;
    const char *argument;      /* for people; NULL: takes none */
    enum value_kind completes; /* the argument */
    unsigned kinds;            /* of the commands with this option: COMMAND_..., ored */
    /* Returns 0, or -1 after a complaint. */
    int (*set)(struct settings *settings, const char *value);
    const char *help;
};

/* Ends with a row without a name. */
extern const struct option_row options[];

#endif
