/* json_reason: what is wrong with a JSON text, for people who do not know the library's interface.
 */
#ifndef TASKMASTER_BASE_JSON_REASON_H
#define TASKMASTER_BASE_JSON_REASON_H

#include <jansson.h>

/* jansson's words, or ours where its own speak to a programmer. Borrowed from `error`. */
const char *json_reason(const json_error_t *error);

#endif
