/* complete: what may stand at the end of a command line, for the completion of shells. Above
 * arguments' tables and complete_names. */
#ifndef TASKMASTER_CLIENT_CLI_COMPLETE_H
#define TASKMASTER_CLIENT_CLI_COMPLETE_H

#include "settings.h"

/* The first argument, and the words behind it are a command line; the last one, maybe empty, is to
 * be completed. */
#define COMPLETE_OPTION "--complete"

/* Prints the words that may stand in the place of the last one, each on a line. `settings` are
 * those of an empty command line. Returns the exit status. */
int complete(struct settings *settings, int count, char **words);

#endif
