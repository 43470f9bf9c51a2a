/*
 * control: what clients may ask of the program as a whole. The daemon fills the table in, because
 * this folder calls nothing above it.
 */
#ifndef TASKMASTER_PEERS_CONTROL_H
#define TASKMASTER_PEERS_CONTROL_H

#include "common/log.h"
#include "protocol/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONTROL_CHANGED_MAX = 1024 }; /* bytes of a list of changed keys, as JSON */

/* What has become of a reload. The texts are borrowed for the call. */
struct control_reload {
    /* Unusable settings, or NULL: */
    const char *fault; /* for people */
    struct fault_place place;
    /* In force now: */
    const char *changed; /* a JSON list of keys, cut where it is full */
    uint32_t changed_count;
};

/* What has become of the log's file. The texts are borrowed for the call. */
struct control_reopen {
    const char *file;  /* open again; NULL: the log has no file */
    const char *fault; /* for people: the old file stays; NULL: none */
    struct fault_place place;
};

/* The fate of waiting jobs in a drain. */
enum control_waiting {
    WAITING_AS_SET, /* by the settings */
    WAITING_FAIL,
    WAITING_RUN,
};

struct peers_control {
    void *arg;
    /* Reads the settings again. Without a fault, peers_reloaded() follows later. False: the
     * server ends, and reads none. */
    bool (*reload)(void *arg, struct control_reload *reload);
    /* Opens the log's file again. `who` is for the log. */
    void (*reopen)(void *arg, const char *who, struct control_reopen *reopen);
    /* Returns the level before. */
    enum log_level (*log_level)(void *arg, enum log_level level);
    /* The server ends after its jobs. `who` is for the log. */
    void (*drain)(void *arg, const char *who, enum control_waiting waiting);
};

#endif
