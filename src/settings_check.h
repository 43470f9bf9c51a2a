/* settings_check: the rules for settings that depend on each other. */
#ifndef TASKMASTER_SETTINGS_CHECK_H
#define TASKMASTER_SETTINGS_CHECK_H

#include "settings.h"

/* Returns 0, or -1 after config_fault(). An unset pool-start becomes pool-max if it is over that.
 */
int settings_check(const struct config *config, struct settings *settings,
                   struct config_error *error);

#endif
