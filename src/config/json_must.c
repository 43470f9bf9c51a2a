/* json_must: see json_must.h. */
#include "config/json_must.h"

#include "common/log.h"

#include <sysexits.h>

json_t *config_json_must(json_t *value)
{
    if (!value)
        fatal(EX_OSERR, "cannot allocate a JSON value");
    return value;
}

char *config_json_dump(const json_t *value, size_t flags)
{
    char *text = json_dumps(value, flags);
    if (!text)
        fatal(EX_OSERR, "cannot allocate a JSON text");
    return text;
}

void config_json_append(json_t *list, json_t *item)
{
    if (json_array_append_new(list, item) < 0)
        fatal(EX_OSERR, "cannot allocate a JSON list");
}

void config_json_put(json_t *object, const char *key, json_t *item)
{
    if (json_object_set_new(object, key, item) < 0)
        fatal(EX_OSERR, "cannot allocate a JSON object");
}
