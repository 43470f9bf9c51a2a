/*
 * query: the parameters of a request: "module=fib&timeout_ms=100".
 *
 * The text is decoded where a value is asked for: no memory is taken for it.
 */
#ifndef TASKMASTER_GATEWAY_API_QUERY_H
#define TASKMASTER_GATEWAY_API_QUERY_H

#include <stdbool.h>
#include <stddef.h>

struct api_parameter;
struct http_exchange;

enum { QUERY_NAME_MAX = 32 }; /* bytes of a parameter's name */

/* A parameter as sent. */
struct query_item {
    const char *name, *value;
    size_t name_len, value_len;
};

/* Takes the next item from `*at`; false at the end. `*at` may be NULL: no query. */
bool query_next(const char **at, struct query_item *item);

/* Decodes percents, and '+' as a blank. Returns the length; the text ends with a NUL. -1: a broken
 * percent, a NUL, or no room. */
int query_decode(const char *text, size_t len, char *to, size_t size);

/* The row of the item's name; NULL: there is none. `rows` ends with a row without a name. */
const struct api_parameter *query_row(const struct api_parameter *rows,
                                      const struct query_item *item);

/* True if every parameter is in the rows, once at most. Otherwise the exchange is told 400, with
 * the name. NULL: no rows. */
bool query_check(struct http_exchange *exchange, const struct api_parameter *rows);

/* The value of a parameter, decoded. False: there is none, or no room for it. */
bool query_text(struct http_exchange *exchange, const char *name, char *to, size_t size);

/* True if the parameter is given, with a value or without one. */
bool query_has(struct http_exchange *exchange, const char *name);

#endif
