/* doctor_here: what the doctor looks at on this machine: the machine itself, and the processes and
 * files of the daemons. Above client/doctor/ and client/local/. */
#ifndef TASKMASTER_CLIENT_CLI_DOCTOR_HERE_H
#define TASKMASTER_CLIENT_CLI_DOCTOR_HERE_H

#include "client/doctor/findings.h"
#include "settings.h"

/* The kernel and the memory, and our own token's file. */
void doctor_here_machine(const struct settings *settings, struct findings *findings);

/* The daemon of this name, at this address. `stats` is its answer; NULL: none. A daemon of another
 * machine is left out. */
void doctor_here_daemon(const char *name, const char *address, const json_t *stats,
                        struct findings *findings);

/* taskmaster-http, if it is there or `wanted`. Returns true if it answers. */
bool doctor_here_gateway(const char *address, bool wanted, struct findings *findings);

#endif
