/* json_reason: the fault of a JSON text in words, for readers without knowledge of jansson.
 */
#ifndef TASKMASTER_BASE_JSON_REASON_H
#define TASKMASTER_BASE_JSON_REASON_H

#include <jansson.h>

/* jansson's words, or ours where jansson speaks to a programmer. Borrowed from `error`. */
const char *json_reason(const json_error_t *error);

#endif
