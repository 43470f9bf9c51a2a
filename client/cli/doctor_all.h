/* doctor_all: everything that the doctor looks at. Above doctor_ask and doctor_here. */
#ifndef TASKMASTER_CLIENT_CLI_DOCTOR_ALL_H
#define TASKMASTER_CLIENT_CLI_DOCTOR_ALL_H

#include "settings.h"

#include <jansson.h>

/* Returns the status, the summary, the servers examined, and the findings, as an object to be given
 * up with json_decref(). `*status` is the exit status of the doctor. */
json_t *doctor_all(const struct settings *settings, int *status);

#endif
