/* own_settings: the rows of taskqueued itself: its port, and the time for its end. */
#ifndef TASKMASTER_QUEUE_OWN_SETTINGS_H
#define TASKMASTER_QUEUE_OWN_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

struct end_settings {
    uint32_t drain_timeout_ms;
};

extern const struct option_table listen_options; /* of struct peers_settings */
extern const struct option_table end_options;

#endif
