/* settings: see settings.h. The master has checked them for the operator; what does not fit here is
 * a master of another release, and the worker ends. */
#include "settings.h"

#include "common/xmalloc.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

static int unpack(struct settings *s)
{
    json_error_t error;
    json_int_t payload_max;
    const char *log_level = "info";

    if (json_unpack_ex(s->root, &error, 0, "{s:s, s:s, s:I, s?s, s?o, s?o}", "boot", &s->boot,
                       "module_dir", &s->module_dir, "payload_max", &payload_max, "log_level",
                       &log_level, "preload", &s->preload, "modules", &s->modules) < 0) {
        report(TM_ERROR, "the master's settings are broken: %s", error.text);
        return -1;
    }
    if (payload_max < 0 || s->module_dir[0] != '/') {
        report(TM_ERROR,
               "the master's settings are broken: payload_max %lld (0 or more), "
               "module_dir %s (absolute)",
               (long long)payload_max, s->module_dir);
        return -1;
    }
    s->payload_max = (size_t)payload_max;
    s->debug = strcmp(log_level, "debug") == 0;
    return 0;
}

int settings_parse(struct settings *s, const char *text, size_t len)
{
    json_error_t error;

    *s = (struct settings){.root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error)};
    if (s->root == NULL) {
        report(TM_ERROR, "the master's settings are not JSON: %s", error.text);
        return -1;
    }
    if (unpack(s) < 0) {
        settings_free(s);
        return -1;
    }
    return 0;
}

void settings_free(struct settings *s)
{
    json_decref(s->root);
    *s = (struct settings){0};
}

char *settings_module_config(const struct settings *s, const char *module)
{
    json_t *config = json_object_get(json_object_get(s->modules, module), "config");

    if (config == NULL || json_is_null(config))
        return xstrdup("{}");
    char *text = json_dumps(config, JSON_COMPACT | JSON_ENCODE_ANY);
    return text != NULL ? text : xstrdup("{}");
}
