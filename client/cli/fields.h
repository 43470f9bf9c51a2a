/* fields: the fields of a request, as a JSON object. Above allocate and complain. */
#ifndef TASKMASTER_CLIENT_CLI_FIELDS_H
#define TASKMASTER_CLIENT_CLI_FIELDS_H

#include "settings.h"

#include <jansson.h>

/* Returns an empty object. */
json_t *fields_new(void);

/* Add a field. NULL and 0 are left out. Text that is not UTF-8 has its other bytes replaced: the
 * server then knows no such name. */
void fields_add_text(json_t *fields, const char *name, const char *text);
void fields_add_number(json_t *fields, const char *name, uint64_t number);

/* Add the filters of the settings: module, pool, owner, state. */
void fields_add_filters(json_t *fields, const struct settings *settings);

/* True if the settings have one of these filters. */
bool fields_has_filters(const struct settings *settings);

#endif
