/* shutdown_settings: the time for the end of the server. */
#ifndef TASKMASTER_SHUTDOWN_SETTINGS_H
#define TASKMASTER_SHUTDOWN_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

/* The fate of waiting jobs. */
enum drain_waiting {
    DRAIN_FAIL,
    DRAIN_RUN,
};

struct shutdown_settings {
    uint32_t drain_timeout_ms;
    enum drain_waiting drain_waiting;
};

extern const struct option_table shutdown_options;

#endif
