/* settings: where kept jobs are stored, and how safely. */
#ifndef TASKMASTER_QUEUE_STORE_SETTINGS_H
#define TASKMASTER_QUEUE_STORE_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

enum store_sync {
    STORE_SYNC_FULL,   /* an answer comes after its bytes are on disk */
    STORE_SYNC_NORMAL, /* survives the end of the process; a power cut may take the last commits */
    STORE_SYNC_OFF,    /* nothing survives for sure: for tests and caches */
};

enum store_engine {
    STORE_ENGINE_SQLITE, /* on this machine, for this process alone */
    STORE_ENGINE_REDIS,  /* in a Redis, for many nodes */
};

struct store_settings {
    enum store_engine engine;
    char *path; /* a directory; of sqlite alone, as the others below */
    enum store_sync sync;
    uint64_t max; /* bytes of all files */
};

extern const struct option_table store_options;

#endif
