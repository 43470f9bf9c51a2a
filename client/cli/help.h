/* help: the texts of --help, from the tables of commands and options. */
#ifndef TASKMASTER_CLIENT_CLI_HELP_H
#define TASKMASTER_CLIENT_CLI_HELP_H

#include "command.h"

/* Prints the help of a command; NULL: the overview. */
void help_print(const struct command *command);

/* Tells the user about --help, on standard error. `command` may be NULL. */
void help_hint(const struct command *command);

#endif
