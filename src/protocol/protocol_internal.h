/*
 * protocol_internal: a header while request.c, field.c and field_expected.c read it.
 */
#ifndef TASKMASTER_PROTOCOL_PROTOCOL_INTERNAL_H
#define TASKMASTER_PROTOCOL_PROTOCOL_INTERNAL_H

#include "protocol/request.h"

#include <jansson.h>

struct header {
    const struct protocol *protocol;
    struct request *request;
    const char *line;
    size_t len;
    uint64_t payload_max;
    json_t *root;
    const struct field *within; /* the OBJECT being read: `line` and `root` are its; or NULL */
};

/* fault.c */

/* Notes a fault unless there is one already. Returns -1, for readers to return. */
__attribute__((format(printf, 3, 4))) int header_fault(struct header *header, const char *code,
                                                       const char *format, ...);

/* field_expected.c */

enum { FIELD_EXPECTED_MAX = 128 }; /* bytes of the text */

/* Writes the text behind "expected" in the error of a field. */
void field_expected(const struct header *header, const struct field *field,
                    char expected[FIELD_EXPECTED_MAX]);

/* field.c */

enum { FIELD_SHOWN_MAX = 60 }; /* bytes of a value in a message */

bool field_is_given(const struct header *header, const struct field *field);

/* Reads a given field. 0, or -1 with the fault noted. */
int field_read(struct header *header, const struct field *field);

/* The given field as it was sent, cut at FIELD_SHOWN_MAX bytes, between characters. */
void field_show(const struct header *header, const struct field *field,
                char shown[FIELD_SHOWN_MAX + 1]);

#endif
