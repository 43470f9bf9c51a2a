/* payload: the payload of one job, from the command line or standard input. Above allocate and
 * complain. */
#ifndef TASKMASTER_CLIENT_CLI_PAYLOAD_H
#define TASKMASTER_CLIENT_CLI_PAYLOAD_H

#include "settings.h"

struct payload {
    const void *data;
    size_t size;
    char *owned; /* NULL: `data` is borrowed */
    size_t capacity;
};

/* Takes the second argument, or all of standard input, at most as much as the server takes. Returns
 * 0, or an exit status after a complaint. Free `*payload` with payload_free() in any case. */
int payload_read(const struct settings *settings, const tm_client *client, struct payload *payload);

void payload_free(struct payload *payload);

#endif
