/* commands: the table of commands. Above all cmd_*.c. */
#ifndef TASKMASTER_CLIENT_CLI_COMMANDS_H
#define TASKMASTER_CLIENT_CLI_COMMANDS_H

#include "command.h"

/* In the order of --help; ends with NULL. */
extern const struct command *const commands[];

/* Returns NULL if there is no command of this name. */
const struct command *commands_find(const char *name);

#endif
