/* json_must: calls of jansson. They fail for want of memory alone, and that ends the process. */
#ifndef TASKMASTER_CONFIG_JSON_MUST_H
#define TASKMASTER_CONFIG_JSON_MUST_H

#include <jansson.h>

/* Returns `value`; NULL ends the process. */
json_t *config_json_must(json_t *value);

/* Returns the text of a value. The caller frees it. */
char *config_json_dump(const json_t *value, size_t flags);

/* Each takes over the item. */
void config_json_append(json_t *list, json_t *item);
void config_json_put(json_t *object, const char *key, json_t *item);

#endif
