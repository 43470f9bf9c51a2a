/* program: the process of a daemon: its actions by the command line, and its exit status. */
#ifndef TASKMASTER_DAEMON_PROGRAM_H
#define TASKMASTER_DAEMON_PROGRAM_H

#include "daemon/command_line.h"
#include "daemon/start.h"

struct daemon_program {
    const struct config_schema *schema;
    const char *usage;
    struct daemon_options options;
    const struct start_checks *checks;
    /* Runs until its end; takes over `config`. Returns an exit status. */
    int (*run)(struct config *config, const struct config_args *args,
               const struct daemon_start *start);
    /* The action of options.own. Returns an exit status. */
    int (*own)(const struct config *config);
};

/* The whole of main(). */
int daemon_program_main(const struct daemon_program *program, int argc, char **argv);

#endif
