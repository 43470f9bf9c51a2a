/* command_line: the arguments of a daemon: a few options, and each of its settings as --KEY=VALUE.
 */
#ifndef TASKMASTER_DAEMON_COMMAND_LINE_H
#define TASKMASTER_DAEMON_COMMAND_LINE_H

#include "config/config.h"

enum daemon_action {
    DAEMON_RUN,
    DAEMON_CHECK, /* -t */
    DAEMON_PRINT, /* -T */
    DAEMON_OWN,   /* an action of this daemon alone */
    DAEMON_HELP,
    DAEMON_VERSION,
    DAEMON_MANUAL,
    DAEMON_CONF,
};

/* What a daemon adds to the options of all daemons. */
struct daemon_options {
    const char *with_check; /* an option beside -t: "--init"; NULL: none */
    const char *own;        /* the option of DAEMON_OWN; NULL: none */
};

struct command_line {
    enum daemon_action action;
    bool with_check; /* the option beside -t was given */
    struct config_args args;
};

/* Reads the arguments. A fault ends the process with a message. The texts of `argv` are borrowed.
 * command_line_free() frees the list of overrides. */
void command_line_read(struct command_line *line, const struct config_schema *schema,
                       const struct daemon_options *options, int argc, char **argv);
void command_line_free(struct command_line *line);

#endif
