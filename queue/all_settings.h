/*
 * all_settings: the settings of taskqueued: those of its parts, put together for src/config.
 *
 * Each part declares its own: a struct, and a table with a row for each setting. To add a setting,
 * add a member and a row there, then run scripts/manual.
 */
#ifndef TASKMASTER_QUEUE_ALL_SETTINGS_H
#define TASKMASTER_QUEUE_ALL_SETTINGS_H

#include "access/settings.h"
#include "base/log_settings.h"
#include "config/config.h"
#include "daemon/identity_settings.h"
#include "peers/settings.h"
#include "queue/kept/settings.h"
#include "queue/master/settings.h"
#include "queue/own_settings.h"
#include "queue/redis/settings.h"
#include "queue/store/settings.h"

struct queue_settings {
    struct peers_settings peers;
    struct access_settings access;
    struct master_link_settings master;
    struct store_settings store;
    struct redis_settings redis;
    struct keep_settings keep;
    struct end_settings end;
    struct identity_settings identity;
    struct log_settings log;
};

extern const struct config_schema queue_schema;

/* The settings of a config of this schema. */
static inline const struct queue_settings *queue_settings_of(const struct config *config)
{
    return config_settings(config);
}

#endif
