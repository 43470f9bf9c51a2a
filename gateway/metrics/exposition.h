/*
 * exposition: text in the format of Prometheus, version 0.0.4.
 *
 * A family has a name, a type and a sentence of help, and then its samples. Values are integers, or
 * integers of a smaller unit: microseconds are told as seconds, exactly.
 */
#ifndef TASKMASTER_GATEWAY_METRICS_EXPOSITION_H
#define TASKMASTER_GATEWAY_METRICS_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

struct exposition {
    char *text; /* owned */
    size_t len, size;
    const char *prefix, *family; /* of the family in progress; borrowed */
};

struct exposition_label {
    const char *name;
    const char *value; /* any text; NULL: no label */
};

enum { EXPOSITION_LABELS_MAX = 2 };

void exposition_open(struct exposition *exposition);

/* Returns the text with a NUL behind it; the caller frees the text. */
char *exposition_close(struct exposition *exposition, size_t *len);

/* Begins the family `prefix``name`; both are borrowed until the next one. */
void exposition_family(struct exposition *exposition, const char *prefix, const char *name,
                       enum exposition_type type, const char *help);

/* One sample: the value is `value` divided by `scale`, a power of ten up to a million. `suffix`
 * stands behind the name: "_sum", or "". */
void exposition_sample(struct exposition *exposition, const char *suffix,
                       const struct exposition_label labels[EXPOSITION_LABELS_MAX], uint64_t value,
                       uint32_t scale);

/* A value as such a decimal number, without zeros at the end. */
enum { EXPOSITION_VALUE_MAX = 32 };
void exposition_value(char text[EXPOSITION_VALUE_MAX], uint64_t value, uint32_t scale);

#endif
