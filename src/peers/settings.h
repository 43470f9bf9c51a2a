/*
 * settings: the time limits and memory limits of a daemon's clients.
 *
 * `listen` is a row of the daemon, because each daemon has a port of its own.
 */
#ifndef TASKMASTER_PEERS_SETTINGS_H
#define TASKMASTER_PEERS_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

struct peers_settings {
    struct option_list listen; /* HOST:PORT, [IPV6]:PORT or unix:PATH */
    uint32_t socket_mode;      /* of unix sockets */
    uint32_t client_max;
    uint32_t monitor_max; /* of all clients together */

    uint32_t hello_timeout_ms;
    uint32_t header_timeout_ms;
    uint32_t payload_timeout_ms;
    uint32_t output_timeout_ms;
    uint32_t linger_ms;

    uint64_t payload_max;
    uint64_t payload_total_max;
    uint64_t output_total_max;
};

/* All but `listen`. */
extern const struct option_table peers_options;

#endif
