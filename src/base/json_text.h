/* json_text: any bytes as a JSON string. */
#ifndef TASKMASTER_BASE_JSON_TEXT_H
#define TASKMASTER_BASE_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* If the bytes are not UTF-8, each byte beyond ASCII becomes a question mark. Returns NULL without
 * memory. The caller owns the string. */
json_t *json_text(const char *bytes, size_t len);

#endif
