/* figures: see figures.h. */
#include "base/figures.h"

#include "common/log.h"

#include <sysexits.h>

void figures_set(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

void figures_set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text ? json_string(text) : json_null());
}

char *figures_dump(json_t *report)
{
    char *text = json_dumps(report, JSON_COMPACT);
    if (!text)
        fatal(EX_OSERR, "cannot write a report");
    json_decref(report);
    return text;
}
