/* http: one GET, for the health of taskmaster-http. Calls nobody of ours but the library's address.
 */
#ifndef TASKMASTER_CLIENT_LOCAL_HTTP_H
#define TASKMASTER_CLIENT_LOCAL_HTTP_H

#include <stdint.h>

/* Returns the body, at most 64 KiB, to be freed, with `*status` set; NULL with `*status` 0: nobody
 * listens there; -1: no answer of a server for HTTP. */
char *http_get(const char *address, const char *path, int64_t deadline, int *status);

#endif
