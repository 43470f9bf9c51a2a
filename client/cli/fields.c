/* fields: see fields.h. */
#include "fields.h"

#include "allocate.h"
#include "report_json.h"

json_t *fields_new(void)
{
    json_t *fields = json_object();
    if (!fields)
        allocate_failed();
    return fields;
}

void fields_add_text(json_t *fields, const char *name, const char *text)
{
    if (text && json_object_set_new(fields, name, report_json_text(text)) < 0)
        allocate_failed();
}

void fields_add_number(json_t *fields, const char *name, uint64_t number)
{
    if (number > 0 && json_object_set_new(fields, name, json_integer((json_int_t)number)) < 0)
        allocate_failed();
}

void fields_add_filters(json_t *fields, const struct settings *settings)
{
    fields_add_text(fields, "module", settings->module);
    fields_add_text(fields, "pool", settings->pool);
    fields_add_text(fields, "owner", settings->owner);
    fields_add_text(fields, "state", settings->state);
}

bool fields_has_filters(const struct settings *settings)
{
    return settings->module || settings->pool || settings->owner || settings->state;
}
