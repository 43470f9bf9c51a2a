/* doctor_ask: asks a server for all that the doctor looks at, and lets the checks judge. Above ask,
 * connect and client/doctor/. */
#ifndef TASKMASTER_CLIENT_CLI_DOCTOR_ASK_H
#define TASKMASTER_CLIENT_CLI_DOCTOR_ASK_H

#include "client/doctor/findings.h"
#include "settings.h"

/* Asks the server of the settings, taskmasterd or taskqueued. A server out of reach is a finding if
 * it is `wanted`. Returns its last stats, to be given up with json_decref(); NULL without an
 * answer. */
json_t *doctor_ask(const struct settings *settings, bool wanted, struct findings *findings);

#endif
