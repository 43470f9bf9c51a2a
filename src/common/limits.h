/* limits: the protocol's fixed sizes, in bytes unless said otherwise (doc/protocol.md, sections 1
 * to 3). */
#ifndef TASKMASTER_COMMON_LIMITS_H
#define TASKMASTER_COMMON_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PROTOCOL_VERSION = 1,
    HEADER_MAX = 4096,     /* a header line, its LF included */
    HEADER_DEPTH_MAX = 16, /* nesting of a header; the root is 1 */
    ID_MAX = 64,           /* a request's id, as a string's UTF-8 bytes */
    CONTEXT_MAX = 1024,    /* a submit's context as compact JSON text */
    MESSAGE_MAX = 512,     /* an event's message as JSON text, without its quotes */
    CODE_MAX = 64,         /* a code: [a-z0-9-] */
    MODULE_NAME_MAX = 64,  /* a module's name: [A-Za-z0-9_-] */
    SERVICE_NAME_MAX = 64, /* a service's name: [A-Za-z0-9_.-] */
    ORIGIN_MAX = 64,       /* a relay's texts of a submit: `origin` and `for` */
    TOKEN_BYTES = 32,      /* a worker's one-time token: 256 bits */
};

#define PAYLOAD_SIZE_MAX 1073741824u /* the upper limit of payload-max */

#define ID_INTEGER_MAX 9007199254740991LL /* 2^53 - 1 */

#endif
