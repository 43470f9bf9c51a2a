/* settings: the addresses, time limits and memory limits of clients. */
#ifndef TASKMASTER_CLIENTS_SETTINGS_H
#define TASKMASTER_CLIENTS_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

#define DEAD_LETTERS_DROP "drop" /* a value of the setting, and no name there */

struct client_settings {
    struct option_list listen; /* HOST:PORT, [IPV6]:PORT or unix:PATH */
    uint32_t socket_mode;      /* of unix sockets */
    uint32_t client_max;
    uint32_t monitor_max; /* of all clients together */

    uint32_t hello_timeout_ms;
    uint32_t header_timeout_ms;
    uint32_t payload_timeout_ms;
    uint32_t part_stall_ms;
    uint32_t output_timeout_ms;
    uint32_t linger_ms;

    uint64_t payload_max;
    uint64_t payload_total_max;
    uint64_t output_total_max;

    char *dead_letters; /* a service, or DEAD_LETTERS_DROP */
};

extern const struct option_table client_options;

#endif
