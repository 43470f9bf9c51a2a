/* module_settings: see module_settings.h. */
#include "jobs/module_settings.h"

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
