/* parameter: the value of a parameter, by the row of its table. */
#ifndef TASKMASTER_GATEWAY_API_PARAMETER_H
#define TASKMASTER_GATEWAY_API_PARAMETER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct api_parameter;

enum { PARAMETER_EXPECTED_MAX = 256 }; /* bytes of the words about a value, the NUL included */

/* True if the row permits the value; otherwise `expected` has what it permits, for people. */
bool parameter_permits(const struct api_parameter *row, const char *value,
                       char expected[PARAMETER_EXPECTED_MAX]);

/* The JSON Schema of the values; the caller owns it. */
json_t *parameter_schema(const struct api_parameter *row);

#endif
