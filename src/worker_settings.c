/* worker_settings: the settings that workers are told in WELCOME, as JSON text; worker/settings.c
 * reads them. */
#include "worker_private.h"

#include "common/log.h"

#include <jansson.h>
#include <sysexits.h>

static json_t *module_settings(const struct config *config)
{
    json_t *modules = json_object();
    for (size_t i = 0; i < config->module_count; i++) {
        const struct config_module *module = &config->modules[i];
        json_t *own = json_loads(module->config, 0, NULL);
        json_object_set_new(modules, module->name, json_pack("{s:o}", "config", own));
    }
    return modules;
}

static json_t *names(const struct config_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

char *worker_settings_text(const struct config *config, const char *boot)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    json_t *settings = json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "boot", boot, "module_dir",
                                 config->module_dir, "payload_max", (json_int_t)config->payload_max,
                                 "log_level", levels[config->log_level], "preload",
                                 names(&config->preload), "modules", module_settings(config));
    char *text = settings ? json_dumps(settings, JSON_COMPACT) : NULL;
    if (!text)
        fatal(EX_SOFTWARE, "cannot write the workers' settings");
    json_decref(settings);
    return text;
}
