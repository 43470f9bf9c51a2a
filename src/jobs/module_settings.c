/* module_settings: see module_settings.h. */
#include "jobs/module_settings.h"

#include "common/limits.h"
#include "common/name.h"
#include "jobs/pool_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_name(const void *name, const void *module)
{
    return strcmp(name, ((const struct module_setting *)module)->name);
}

const struct module_setting *module_settings_find(const struct module_settings *settings,
                                                  const char *name)
{
    if (!settings->modules.count)
        return NULL;
    return bsearch(name, settings->modules.items, settings->modules.count,
                   sizeof(struct module_setting), compare_name);
}

const char *module_settings_name_fault(const char *name)
{
    static char expected[64];
    if (module_name_valid(name, strlen(name)))
        return NULL;
    snprintf(expected, sizeof expected, "expected a module's name of 1 to %d of [A-Za-z0-9_-]",
             MODULE_NAME_MAX);
    return expected;
}

#define AT(member) offsetof(struct module_setting, member)

/* clang-format off */
static const struct option entry_rows[] = {
    {.key = "enabled", .kind = OPTION_BOOL, .offset = AT(enabled), .reload = true,
     .default_text = "true",
     .help = "whether the module may be used; a disabled one is as good as not there"},
    {.key = "timeout-ms", .kind = OPTION_UINT32, .offset = AT(timeout_ms), .reload = true,
     .min = 0, .max = OPTION_MONTH_MS, .default_text = "0", .unit = "ms",
     .help = "how long a job of this module may run, 0 for no limit of its own; the least of "
             "the job's, the module's and job-timeout-ms holds"},
    {.key = "soft-timeout-ms", .kind = OPTION_UINT32, .offset = AT(soft_timeout_ms), .reload = true,
     .min = 0, .max = OPTION_MONTH_MS, .default_text = "0", .unit = "ms",
     .help = "how long a job of this module may run until its stop flag is raised, and nothing "
             "else happens, 0 for no such limit; the least of the job's and the module's holds, "
             "if it is under the job's time limit"},
    {.key = "pool", .kind = OPTION_STRING, .offset = AT(pool), .reload = true,
     .min = 1, .max = POOL_NAME_MAX, .default_text = "null",
     .help = "the pool for jobs of this module, default or an entry under pools; if unset, default"},
    {.key = "config", .kind = OPTION_OBJECT, .offset = AT(config), .reload = true,
     .default_text = "{}",
     .help = "the module's own settings, handed to it as they are"},
};
/* clang-format on */

static const struct option_entry module_entry = {
    .noun = "module",
    .size = sizeof(struct module_setting),
    .options = OPTION_TABLE(entry_rows),
    .name_fault = module_settings_name_fault,
};

#undef AT
#define AT(member) offsetof(struct module_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "module-dir", .kind = OPTION_STRING, .offset = AT(dir), .reload = true,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "where the modules are, NAME.so each; if unset, modules beside taskmasterd when "
             "it and taskmaster-worker are there, otherwise lib/taskmaster/modules in the "
             "directory above"},
    {.key = "modules", .kind = OPTION_ENTRIES, .entry = &module_entry, .offset = AT(modules), .reload = true,
     .default_text = "{}",
     .help = "settings by module name; a module without an entry has the defaults"},
};
/* clang-format on */

const struct option_table module_options = OPTION_TABLE(rows);
