/* modules_report: see modules_report.h. */
#include "stats/modules_report.h"

#include "base/figures.h"
#include "common/json_load.h"
#include "common/secrets.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "stats/breaker_report.h"
#include "stats/module_names.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>

static void add_file(json_t *item, const char *dir, const struct module_name *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.so", dir, name->text);
    figures_set_text(item, "file", name->file ? path : NULL);
}

static json_t *config_report(const struct module_setting *setting)
{
    json_error_t error;
    const char *text = setting && setting->config ? setting->config : "{}";
    json_t *config = json_load_any(text, strlen(text), 0, &error);
    if (!config)
        return json_object();
    secrets_hide(config);
    return config;
}

static void add_settings(json_t *item, const struct module_setting *setting)
{
    figures_set_text(item, "pool", setting && setting->pool ? setting->pool : POOL_DEFAULT);
    json_object_set_new(item, "enabled", json_boolean(!setting || setting->enabled));
    json_object_set_new(item, "config", config_report(setting));
}

/* A module without an entry has had no job, and no worker. */
static void add_entry(json_t *item, const struct module_entry *entry, uint64_t now_us)
{
    static const struct module_entry none;
    const struct module_entry *shown = entry ? entry : &none;
    figures_set_text(item, "version", shown->about.version);
    figures_set_text(item, "describe", shown->about.describe);
    figures_set(item, "loaded_by", shown->loaded_by);
    figures_set(item, "done", shown->history.done);
    figures_set(item, "failed", shown->history.failed);
    figures_set(item, "running", shown->running);
    figures_set(item, "waiting", shown->waiting);
    json_object_set_new(item, "breaker", breaker_report(&shown->breaker, now_us));
}

static json_t *module_report(const struct report *report, const struct module_name *name)
{
    const struct module_settings *settings = report->modules->settings;
    json_t *item = json_object();
    figures_set_text(item, "name", name->text);
    add_settings(item, module_settings_find(settings, name->text));
    add_file(item, settings->dir, name);
    add_entry(item, module_table_known(report->modules, name->text),
              report->pools->shared.timers->now_us);
    return item;
}

char *report_modules(const struct report *report)
{
    struct module_names names;
    json_t *list = json_array();
    pools_look_at_modules(report->pools);
    module_names_collect(&names, report->modules);
    for (size_t i = 0; i < names.count && i < MODULES_REPORT_MAX; i++)
        json_array_append_new(list, module_report(report, &names.items[i]));
    module_names_free(&names);
    return figures_dump(list);
}
