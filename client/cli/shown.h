/* shown: objects of the server for people: times and sizes with units, and of many members those
 * fitting in a line. Above units. */
#ifndef TASKMASTER_CLIENT_CLI_SHOWN_H
#define TASKMASTER_CLIENT_CLI_SHOWN_H

#include <jansson.h>

/* A column of a row: a member of the object, or of an object in it. */
struct shown {
    const char *part; /* the member that is an object; NULL: the object itself */
    const char *member;
    const char *column; /* its name for people */
};

/* Returns the value for people, to be given up with json_decref(). By the name of its member, a
 * number of microseconds (`_us`), milliseconds (`_ms`) or bytes becomes text with a unit, "3.4ms",
 * and a fraction a percentage; any other value stays. */
json_t *shown_value(const char *member, const json_t *value);

/* Returns the length of the member's name without such an `_us` or `_ms`. */
int shown_name_len(const char *member);

/* Returns the object with such values, also within its objects. A member loses its `_us` or `_ms`.
 */
json_t *shown_object(const json_t *object);

/* Returns the value of a column, borrowed; NULL without it. */
json_t *shown_member(const json_t *object, const struct shown *column);

/* Returns rows with the given columns of each object in the list. Leaves out a column without any
 * value. `columns` ends with an empty one. */
json_t *shown_rows(const json_t *list, const struct shown *columns);

#endif
