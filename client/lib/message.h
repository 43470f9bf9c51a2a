/* message: a whole message of the server, not looked into yet. */
#ifndef TASKMASTER_CLIENT_LIB_MESSAGE_H
#define TASKMASTER_CLIENT_LIB_MESSAGE_H

#include <jansson.h>

struct tmc_message {
    char *line;     /* owned; the header as received, NUL-terminated; NULL: no message */
    json_t *header; /* owned; the same, parsed: an object */
    char *payload;  /* owned; NUL-terminated; NULL if size is 0 */
    size_t size;    /* of the payload, in bytes, without the NUL */
};

/* Frees the parts. The message is then empty. */
void tmc_message_clear(struct tmc_message *message);

#endif
