/* own_settings: the settings of taskmaster-http that belong to none of its parts. */
#ifndef TASKMASTER_GATEWAY_OWN_SETTINGS_H
#define TASKMASTER_GATEWAY_OWN_SETTINGS_H

#include "access/token_set.h"
#include "base/option.h"

#include <stdbool.h>
#include <stdint.h>

struct listen_settings {
    struct option_list listen;
    uint32_t socket_mode; /* of unix sockets */
};

/* The daemons that the gateway is a client of. */
struct server_settings {
    char *server;       /* HOST:PORT, [IPV6]:PORT or unix:PATH, as the next */
    char *queue_server; /* NULL: none */
    char *token_file;   /* NULL: no token is told, as for the next */
    char *queue_token_file;

    /* Read from the files; the first of each is told. */
    struct token_set tokens, queue_tokens;
};

struct access_log_settings {
    bool is_on;
};

struct end_settings {
    uint32_t drain_timeout_ms;
};

extern const struct option_table listen_options, server_options, access_log_options, end_options;

#endif
