/* approach: from an address to the server's hello, without waiting. Above hello. */
#ifndef TASKMASTER_CLIENT_LIB_APPROACH_H
#define TASKMASTER_CLIENT_LIB_APPROACH_H

#include "connection.h"

/* Begins the connects to the addresses of client->opening. Calls `over` once: with OK and the
 * answer to the hello, now the callee's; or with the reason for the failure, also in
 * client->failure. `over` may be called at once. */
void tmc_approach_begin(tm_client *client, tmc_opening_over *over);

#endif
