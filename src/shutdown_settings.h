/* shutdown_settings: the time for the end of the server. */
#ifndef TASKMASTER_SHUTDOWN_SETTINGS_H
#define TASKMASTER_SHUTDOWN_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

struct shutdown_settings {
    uint32_t drain_timeout_ms;
};

extern const struct option_table shutdown_options;

#endif
