/* places: the addresses of the daemons, from the environment or by default. Calls nobody. */
#ifndef TASKMASTER_CLIENT_CLI_PLACES_H
#define TASKMASTER_CLIENT_CLI_PLACES_H

#include <stdbool.h>

#define DEFAULT_SERVER "127.0.0.1:7741"
#define DEFAULT_QUEUE  "127.0.0.1:7742"
#define DEFAULT_HTTP   "127.0.0.1:8741"

/* Returns the variable's value; NULL if it is unset or empty. */
const char *places_variable(const char *name);

/* Return an address. */
const char *places_server(void);
const char *places_queue(void);
const char *places_http(void);

#endif
