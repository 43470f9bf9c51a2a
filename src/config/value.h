/*
 * value: the operations of each kind of setting on its member: from JSON into the member and back,
 * from the command line, and its release. rows.c picks the kind.
 */
#ifndef TASKMASTER_CONFIG_VALUE_H
#define TASKMASTER_CONFIG_VALUE_H

#include "base/option.h"
#include "config/expected.h"

#include <jansson.h>

struct value_ops {
    /* Returns 0, or -1 and the member is unchanged. */
    int (*set)(void *member, const struct option *option, json_t *value, struct value_error *error);
    /* Returns a new reference. */
    json_t *(*get)(const void *member, const struct option *option);
    /* Returns a new reference; NULL if the text of --key=TEXT is not of this kind. */
    json_t *(*parse)(const char *text);
    /* Frees the member's value. NULL: the member owns nothing. */
    void (*release)(void *member, const struct option *option);
};

/* value_number.c */
extern const struct value_ops value_uint32, value_uint64, value_int32, value_bool, value_mode,
    value_enum;
/* value_text.c */
extern const struct value_ops value_string, value_list, value_object;

#endif
