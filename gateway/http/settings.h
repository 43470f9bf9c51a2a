/* settings: the time limits and memory limits of HTTP clients. */
#ifndef TASKMASTER_GATEWAY_HTTP_SETTINGS_H
#define TASKMASTER_GATEWAY_HTTP_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

struct http_settings {
    uint32_t connection_max;
    uint32_t header_timeout_ms;
    uint32_t body_timeout_ms;
    uint32_t idle_timeout_ms;
    uint32_t output_timeout_ms;
    uint32_t linger_ms;
    uint64_t body_total_max;
    uint64_t output_total_max;
};

extern const struct option_table http_options;

#endif
