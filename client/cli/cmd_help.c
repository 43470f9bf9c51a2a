/* cmd_help: help. main.c carries it out: help needs the table of commands, above this file. */
#include "command.h"

#include <stddef.h>

const struct command cmd_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .arg_max = 1,
    .completes = VALUE_COMMAND,
    .kind = COMMAND_HELP,
    .run = NULL,
    .summary = "describe a command",
    .help = "Prints a summary of all commands, or of COMMAND, as --help does.\n",
};
