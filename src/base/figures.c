/* figures: see figures.h. */
#include "base/figures.h"

#include "common/log.h"

#include <string.h>
#include <sysexits.h>

void figures_set(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

void figures_set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text ? json_string(text) : json_null());
}

const json_t *figures_find(const json_t *report, const char *path)
{
    while (path && report) {
        size_t len = strcspn(path, ".");
        report = json_object_getn(report, path, len);
        path = path[len] ? path + len + 1 : NULL;
    }
    return report;
}

uint64_t figures_get(const json_t *figure)
{
    json_int_t value = json_is_true(figure) ? 1 : json_integer_value(figure);
    return value < 0 ? 0 : (uint64_t)value;
}

char *figures_dump(json_t *report)
{
    char *text = json_dumps(report, JSON_COMPACT);
    if (!text)
        fatal(EX_OSERR, "cannot write a report");
    json_decref(report);
    return text;
}
