/* hello: what the server's answer to our hello tells. Above connection. */
#ifndef TASKMASTER_CLIENT_LIB_HELLO_H
#define TASKMASTER_CLIENT_LIB_HELLO_H

#include "connection.h"

/* Keeps the server's name and limits. Returns OK, PROTOCOL or MEMORY. */
tm_client_status tmc_hello_read(tm_client *client, const struct tmc_event *event);

#endif
