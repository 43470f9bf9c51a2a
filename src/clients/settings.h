/* settings: clients of the master: what every daemon has, and more. */
#ifndef TASKMASTER_CLIENTS_SETTINGS_H
#define TASKMASTER_CLIENTS_SETTINGS_H

#include "base/option.h"
#include "peers/settings.h"

#include <stdint.h>

#define DEAD_LETTERS_DROP "drop" /* a value of the setting, and no name there */

struct client_settings {
    struct peers_settings peers;
    uint32_t part_stall_ms;
    char *dead_letters; /* a service, or DEAD_LETTERS_DROP */
};

/* In the order of --help: `listen`, peers_options, and the rest. */
extern const struct option_table client_listen_options, client_options;

#endif
