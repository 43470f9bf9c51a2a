/* each: run --each, one job for each line of standard input. */
#ifndef TASKMASTER_CLIENT_CLI_EACH_H
#define TASKMASTER_CLIENT_CLI_EACH_H

#include "settings.h"

/* Returns the exit status. */
int each_run(const struct settings *settings);

#endif
