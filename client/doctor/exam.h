/* exam: what the doctor knows of a server before judging. The command asks; the checks of this
 * folder judge, and never talk to anybody. */
#ifndef TASKMASTER_CLIENT_DOCTOR_EXAM_H
#define TASKMASTER_CLIENT_DOCTOR_EXAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { EXAM_LOOKS = 5 };

/* All borrowed. A list that could not be asked for is NULL: its checks find nothing. */
struct exam {
    const char *release;             /* the server's, "taskmasterd/0.2.0" */
    const json_t *looks[EXAM_LOOKS]; /* answers to stats, in the order of time */
    int64_t span_us;                 /* from the first look to the last */
    const json_t *modules, *crashes;
    const json_t *clients_before, *clients; /* at the first look, and at the last */
};

static inline const json_t *exam_first(const struct exam *exam)
{
    return exam->looks[0];
}

static inline const json_t *exam_last(const struct exam *exam)
{
    return exam->looks[EXAM_LOOKS - 1];
}

/* No honest figure is larger, nor below zero: so the checks can add, and take per cents. */
#define EXAM_FIGURE_MAX (INT64_C(1) << 46)

static inline int64_t exam_figure(int64_t number)
{
    return number < 0 ? 0 : number < EXAM_FIGURE_MAX ? number : EXAM_FIGURE_MAX;
}

/* Returns the number in a member of an object in `value`, from 0 to EXAM_FIGURE_MAX; `part` NULL:
 * of `value` itself. 0 without it. */
static inline int64_t exam_number(const json_t *value, const char *part, const char *member)
{
    const json_t *object = part ? json_object_get(value, part) : value;
    return exam_figure(json_integer_value(json_object_get(object, member)));
}

/* Returns such a text; "" without it. */
static inline const char *exam_text(const json_t *value, const char *part, const char *member)
{
    const json_t *object = part ? json_object_get(value, part) : value;
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

#endif
