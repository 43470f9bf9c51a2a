/*
 * operation: the tables of a program: its operations and the fields of each.
 *
 * To add a field, add a row to the operation's fields. To add an operation, write a file with its
 * `struct operation`, and name it in the program's list. Parsing, error texts and the `features` of
 * the answer to hello follow the tables.
 */
#ifndef TASKMASTER_PROTOCOL_OPERATION_H
#define TASKMASTER_PROTOCOL_OPERATION_H

#include "access/right.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dialogue;
struct payload;
struct refusal;
struct request;

/* The type and the range of a field, and where its value goes. `at` is an offset into the program's
 * request. A TEXT is written to a REQUEST_TEXT() of at least `max` bytes. */
enum field_kind {
    FIELD_STRING,  /* `min` to `max` bytes, decoded: TEXT */
    FIELD_NAME,    /* 1 to `max` of [A-Za-z0-9_-]: TEXT */
    FIELD_SERVICE, /* 1 to `max` of [A-Za-z0-9_.-]: TEXT */
    FIELD_ID,      /* a request's id, as compact JSON: TEXT */
    FIELD_UINT,    /* digits only, `min` to `max`: uint32_t */
    FIELD_UINT64,  /* likewise: uint64_t */
    FIELD_TIME,    /* a time with its zone (base/rfc3339.h), in ms since 1970: uint64_t */
    FIELD_TRUE,    /* bool, and never false */
    FIELD_SWITCH,  /* false, true, or one of `words`; 0, 1, or its place from 2: uint32_t */
    FIELD_WORD,    /* one of `words`; its place from 1, 0 for none: uint32_t */
    FIELD_WORDS,   /* a list of `words`; bit n stands for word n: uint32_t */
    FIELD_CONTEXT, /* any value, to the letter, at most `max` bytes: request->context */
    FIELD_VERSION, /* the protocol's version; checked before the other fields */
    FIELD_TOKEN,   /* a secret of at most `max` bytes: request->token. Any value passes */
    FIELD_OP,      /* request->op */
    FIELD_SIZE,    /* request->size */
    FIELD_OBJECT,  /* an object with at least one of the members in `fields` */
};

enum field_need {
    FIELD_OPTIONAL,
    FIELD_REQUIRED,
    FIELD_ONE_OF, /* exactly one of the operation's fields of this need */
};

struct field {
    const char *name;
    enum field_kind kind;
    enum field_need need;
    size_t at;
    uint64_t min, max;
    const char *const *words;    /* ends with NULL */
    const char *const *not_with; /* names of fields that this one excludes, then NULL; or NULL */
    const struct field *fields;  /* of an OBJECT: its members; ends with a row without a name */
    const char *noun;            /* of a STRING, for errors: "a job's id"; or NULL */
    const char *feature;     /* its name in `features`; of WORDS a prefix to each word; or NULL */
    enum access_right right; /* needed besides the operation's, if the field is given */
};

enum verdict {
    VERDICT_FINE,
    VERDICT_REFUSED,     /* the request is answered with an error, the connection lives on */
    VERDICT_FATAL,       /* the error ends the connection */
    VERDICT_FATAL_LATER, /* likewise, at a time of the program's choice */
};

/* An operation has either `run` or, if it takes a payload, `take`. Code and message of a verdict
 * other than FINE stand in the request: request_refuse(), request_fail(). */
struct operation {
    const char *name;
    const struct field *fields; /* ends with a row without a name; besides op, id, size */
    enum access_right right;    /* without it the request is `denied` */
    bool needs_id;
    bool is_hello;   /* the first request, and only the first; its unknown fields are ignored */
    bool is_feature; /* named in `features` */

    /* Before a payload is read; the payload of a refused request is never kept. May be NULL. An
     * operation with a payload keeps its own copy of the fields. */
    enum verdict (*check)(struct dialogue *dialogue, struct request *request);
    enum verdict (*run)(struct dialogue *dialogue, struct request *request);
    /* Takes over the payload: NULL if it is empty, or if `over_budget`. FINE, or REFUSED with
     * `refusal` filled in. */
    enum verdict (*take)(struct dialogue *dialogue, struct payload *payload, bool over_budget,
                         struct refusal *refusal);
};

/* A program's side of the protocol. */
struct protocol {
    const struct operation *const *operations; /* ends with NULL */
    struct request *request;                   /* the program's request, for one call at a time */
    size_t request_size;                       /* `struct request` is its beginning; */
    size_t scanned_size;                       /* `scan` may write to so many bytes behind it */

    /* A short way to read common requests. False: the request is to be read the general way. It may
     * be given up at any point, but never refuse. May be NULL. */
    bool (*scan)(struct request *request, const char *line, size_t len, uint64_t payload_max);
    /* The hello is accepted, and runs next. May be NULL. */
    void (*greeted)(struct dialogue *dialogue, const struct request *request);
    /* The rights of the client, for a request that needs one. NULL: every right. */
    unsigned (*rights)(struct dialogue *dialogue);
    /* Before an error is written. May be NULL. */
    void (*amend)(struct dialogue *dialogue, struct refusal *refusal, bool fatal);
    /* A fatal error is written: the connection ends. */
    void (*failed)(struct dialogue *dialogue, const struct refusal *refusal);
    /* dialogue->refusal waits for the program to pass it to dialogue_fail(). NULL: it is told at
     * once. */
    void (*fail_later)(struct dialogue *dialogue);
};

#endif
