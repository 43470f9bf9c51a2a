/* expected: the texts of errors: the value found and the values expected. */
#ifndef TASKMASTER_CONFIG_EXPECTED_H
#define TASKMASTER_CONFIG_EXPECTED_H

#include "base/option.h"

#include <jansson.h>

enum {
    EXPECTED_MAX = 128, /* bytes of config_expected()'s text */
    FOUND_MAX = 80,     /* bytes of config_describe()'s text */
};

/* A fault of a value. The caller adds its origin: file and line, or --key=value. */
struct value_error {
    char entry[128]; /* the faulty entry of OPTION_ENTRIES, or "" */
    char field[128]; /* the faulty field of the entry, or "" */
    char text[512];  /* the value found and the values expected */
};

/* Writes the values of a setting for people: "an integer from 1 to 10000". */
void config_expected(const struct option *option, char out[EXPECTED_MAX]);

/* Writes a value for people, cut if it is long. */
void config_describe(const json_t *value, char out[FOUND_MAX]);

/* Each fills in the error's text. Always -1. */
int config_expected_fail(struct value_error *error, const struct option *option,
                         const json_t *value);
int config_expected_fail_found(struct value_error *error, const struct option *option,
                               const char *found);

#endif
