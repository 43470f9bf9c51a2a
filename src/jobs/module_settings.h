/* module_settings: the place of the modules, and the settings of each. */
#ifndef TASKMASTER_JOBS_MODULE_SETTINGS_H
#define TASKMASTER_JOBS_MODULE_SETTINGS_H

#include "base/option.h"

#include <stdbool.h>
#include <stdint.h>

/* Settings of one module: its entry under "modules". */
struct module_setting {
    char *name;
    bool enabled;             /* default true; a disabled module is as good as not there */
    uint32_t timeout_ms;      /* 0: none of its own */
    uint32_t soft_timeout_ms; /* likewise */
    char *pool;               /* the name of a pool; NULL: the pool `default` */
    char *config;             /* the module's own settings as compact JSON text, "{}" without any */
};

struct module_settings {
    char *dir;                     /* absolute once resolved, never empty */
    struct option_entries modules; /* of struct module_setting */
};

/* NULL if the settings do not mention the module. Borrowed. */
const struct module_setting *module_settings_find(const struct module_settings *settings,
                                                  const char *name);

/* Returns NULL, or the expected form if `name` is no name of a module. Static. */
const char *module_settings_name_fault(const char *name);

extern const struct option_table module_options;

#endif
