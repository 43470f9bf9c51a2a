/* accept: the lists in which a client says what it takes (RFC 9110, sections 5.6.1 and 12.4.2). */
#ifndef TASKMASTER_GATEWAY_HTTP_ACCEPT_H
#define TASKMASTER_GATEWAY_HTTP_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

/* An element of a list: up to its comma, without the blanks around it. Borrowed. */
struct accept_element {
    const char *text;
    size_t len;
};

/* The next element from `*at` on; false at the end of the list. */
bool accept_next(const char **at, struct accept_element *element);

/* Whether the element is this coding or media type, be it with parameters. */
bool accept_names(const struct accept_element *element, const char *name);

/* The weight is 0: q=0, q=0. and q=0.000. */
bool accept_refuses(const struct accept_element *element);

/* The list has an element of this name, with a weight over 0. */
bool accept_takes(const char *list, const char *name);

#endif
