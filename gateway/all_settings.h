/*
 * all_settings: the settings of taskmaster-http: those of its parts, put together for src/config.
 *
 * Each part declares its own: a struct, and a table with a row for each setting. To add a setting,
 * add a member and a row there, then run scripts/manual.
 */
#ifndef TASKMASTER_GATEWAY_ALL_SETTINGS_H
#define TASKMASTER_GATEWAY_ALL_SETTINGS_H

#include "base/log_settings.h"
#include "config/config.h"
#include "daemon/identity_settings.h"
#include "gateway/access/settings.h"
#include "gateway/http/settings.h"
#include "gateway/own_settings.h"

struct gateway_settings {
    struct listen_settings listen;
    struct server_settings server;
    struct gateway_access_settings access;
    struct http_settings http;
    struct access_log_settings access_log;
    struct end_settings end;
    struct identity_settings identity;
    struct log_settings log;
};

extern const struct config_schema gateway_schema;

/* The settings of a config of this schema. */
static inline const struct gateway_settings *gateway_settings_of(const struct config *config)
{
    return config_settings(config);
}

#endif
