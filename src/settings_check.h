/* settings_check: the rules between settings. */
#ifndef TASKMASTER_SETTINGS_CHECK_H
#define TASKMASTER_SETTINGS_CHECK_H

#include "all_settings.h"

/* Returns 0, or -1 after config_fault(). An unset pool-start over pool-max becomes pool-max.
 */
int settings_check(const struct config *config, struct settings *settings,
                   struct config_error *error);

#endif
