/*
 * request: from a header line to a validated request.
 *
 * Which operations there are, which fields each takes, and each field's type and range stand in two
 * tables in request.c; parsing and error texts follow them. A verdict is one of three, in the order
 * in which the protocol wants things looked at: the framing is broken, the request is wrong, or it
 * is fine. What depends on the server's state (is the id in use, is there such a job) is the
 * session's to check.
 */
#ifndef TASKMASTER_PROTOCOL_REQUEST_H
#define TASKMASTER_PROTOCOL_REQUEST_H

#include "common/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op {
    OP_NONE, /* could not be read, or is unknown */
    OP_HELLO,
    OP_SUBMIT,
    OP_SET,
    OP_PING,
    OP_STATS,
    OP_WORKERS,
    OP_CANCEL,
    OP_KILL,
    OP_COUNT
};

enum request_verdict {
    REQUEST_FINE,
    REQUEST_WRONG,   /* well framed: answered with an error, the connection lives on */
    REQUEST_BROKEN,  /* the framing is broken: the connection ends */
    REQUEST_DELAYED, /* the connection ends, and the error is told after a delay; parsing never says
                        so */
};

enum {
    ID_TEXT_MAX = 6 * ID_MAX + 2,   /* an id as JSON text: every byte escaped, and the quotes */
    OP_TEXT_MAX = 6 * CODE_MAX + 2, /* an op likewise */
    CLIENT_NAME_MAX = 64,
    TOKEN_MAX = 256,
    JOB_NAME_MAX = 64,
    IGNORED_MAX = 1024, /* names of unknown fields in a hello, as a JSON list */
    REQUEST_MESSAGE_MAX = 320,
};

/* Texts are NUL-terminated; those of fields that were not given are empty. */
struct request {
    enum op op;
    uint32_t fields; /* a bit for each that was given; of use while parsing */
    size_t size;     /* of the payload, 0 without one */

    char op_text[OP_TEXT_MAX + 1]; /* compact JSON text, which an error echoes; empty if it is
                                      longer than an op can be */
    char id[ID_TEXT_MAX + 1];      /* compact JSON text: "a1" with its quotes, or 17 */
    size_t id_len;
    char module[MODULE_NAME_MAX + 1];
    size_t module_len;
    char context[CONTEXT_MAX + 1]; /* compact JSON text */
    size_t context_len;
    uint32_t timeout_ms; /* 0: none was given */
    bool link, notify_accepted, notify_started;
    char client[CLIENT_NAME_MAX + 1];
    char token[TOKEN_MAX + 1];
    bool token_wrong;              /* one of a wrong type or length was given: as good as none */
    char ignored[IGNORED_MAX + 1]; /* the fields of a hello that it does not take: a JSON list, cut
                                      where there is no room */
    size_t ignored_len;            /* 0: there are none */
    uint32_t ignored_count;        /* how many there are, also if the list was cut */
    char job[JOB_NAME_MAX + 1];
    char target[ID_TEXT_MAX + 1]; /* like id */
    size_t target_len;

    const char *code; /* unless fine: the error's code and message */
    char message[REQUEST_MESSAGE_MAX];
};

/* Parses a header line, without its LF. */
enum request_verdict request_parse(struct request *request, const char *line, size_t len,
                                   uint64_t payload_max);

/* The same by the general way alone: request_parse() takes the short way for what that accepts. */
enum request_verdict request_parse_general(struct request *request, const char *line, size_t len,
                                           uint64_t payload_max);

/* Sets the error's code, which is borrowed, and its message. Returns the verdict. */
__attribute__((format(printf, 4, 5))) enum request_verdict request_refuse(
    struct request *request, enum request_verdict verdict, const char *code, const char *fmt, ...);

const char *op_name(enum op op);

#endif
