/*
 * request: from a header line to a request with valid fields.
 *
 * Operations and fields come from the program's tables (operation.h). A header is checked in the
 * order of the protocol: the framing, the operation, its fields. Checks against the state of the
 * program (is the id in use, is there such a job) are the operation's own.
 */
#ifndef TASKMASTER_PROTOCOL_REQUEST_H
#define TASKMASTER_PROTOCOL_REQUEST_H

#include "common/limits.h"
#include "protocol/operation.h"

enum {
    ID_TEXT_MAX = 6 * ID_MAX + 2,   /* an id as JSON text: every byte escaped, and the quotes */
    OP_TEXT_MAX = 6 * CODE_MAX + 2, /* an op likewise */
    CLIENT_NAME_MAX = 64,
    TOKEN_MAX = 256,
    ID_SHOWN_MAX = 100, /* bytes of an id in a message */
    IGNORED_MAX = 1024, /* names of unknown fields in a hello, as a JSON list */
    REQUEST_MESSAGE_MAX = 320,
};

/* A text of at most `max` bytes, and a NUL; empty if the field is absent. */
#define REQUEST_TEXT(max)     \
    struct {                  \
        size_t len;           \
        char text[(max) + 1]; \
    }

/* A place in a file of settings. */
struct fault_place {
    const char *file; /* NULL: none */
    uint32_t line;    /* 0: none */
    const char *key;  /* NULL: none */
};

/* Another client standing in the way. */
struct fault_owner {
    uint64_t client;  /* its number */
    const char *name; /* NULL: none */
};

/* The part common to all programs. A program's own request begins with it; the fields behind are
 * zero unless given. */
struct request {
    const struct operation *operation; /* NULL: could not be read, or is unknown */
    size_t size;                       /* of the payload, 0 without one */
    unsigned rights;                   /* needed by the given fields */
    uint32_t given;               /* a bit for each row of the operation's fields, but contexts */
    REQUEST_TEXT(OP_TEXT_MAX) op; /* compact JSON, for errors; empty if it is too long */
    REQUEST_TEXT(ID_TEXT_MAX) id; /* compact JSON: "a1" with its quotes, or 17 */
    REQUEST_TEXT(CONTEXT_MAX) context; /* compact JSON */

    bool scanned; /* read the short way: the end of the program's request is as it was cleared */

    /* of a hello */
    REQUEST_TEXT(CLIENT_NAME_MAX) client;
    REQUEST_TEXT(TOKEN_MAX) token;
    bool token_wrong;                  /* one of a wrong type or length was given */
    REQUEST_TEXT(IGNORED_MAX) ignored; /* its unknown fields: a JSON list, cut where it is full */
    uint32_t ignored_count;            /* all of them */

    const char *code;                /* of the error; NULL if all is fine */
    const struct fault_place *place; /* where else the error lies; borrowed; NULL: nowhere */
    const struct fault_owner *owner; /* who stands in the way; borrowed; NULL: nobody */
    char message[REQUEST_MESSAGE_MAX];
};

/* Reads a header line, without its LF, into protocol->request. The verdict is FINE, REFUSED or, if
 * the framing is broken, FATAL. */
enum verdict request_parse(const struct protocol *protocol, const char *line, size_t len,
                           uint64_t payload_max);

/* The same by the general way alone. */
enum verdict request_parse_general(const struct protocol *protocol, const char *line, size_t len,
                                   uint64_t payload_max);

/* Whether the row of the operation's fields was given. */
static inline bool request_has(const struct request *request, const struct field *field)
{
    return request->given >> (field - request->operation->fields) & 1;
}

/* Notes an error, in the place of any other. Returns REFUSED or FATAL. */
__attribute__((format(printf, 3, 4))) enum verdict request_refuse(struct request *request,
                                                                  const char *code,
                                                                  const char *format, ...);
__attribute__((format(printf, 3, 4))) enum verdict request_fail(struct request *request,
                                                                const char *code,
                                                                const char *format, ...);

#endif
