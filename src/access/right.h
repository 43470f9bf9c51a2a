/* right: the rights of a token, by name. doc/protocol.md, section 3, tells what each is for. */
#ifndef TASKMASTER_ACCESS_RIGHT_H
#define TASKMASTER_ACCESS_RIGHT_H

#include <stddef.h>

/* Bits. A set of rights is an `unsigned` of them. */
enum access_right {
    RIGHT_NONE = 0, /* every client has it */
    RIGHT_SUBMIT = 1u << 0,
    RIGHT_OBSERVE = 1u << 1,
    RIGHT_CONTROL = 1u << 2,
    RIGHT_SERVE = 1u << 3,
    RIGHT_ADMIN = 1u << 4,
    RIGHT_RELAY = 1u << 5,
};

enum {
    RIGHTS_EVERY = (1u << 6) - 1,             /* of a server without tokens */
    RIGHTS_ALL = RIGHTS_EVERY & ~RIGHT_RELAY, /* the word "all" */
};

/* The name of the lowest right of a set; NULL for an empty one. */
const char *right_name(unsigned rights);

/* The set for a word of an access-file: one right, or "all". 0 for any other word. */
unsigned right_of_word(const char *word, size_t len);

#endif
