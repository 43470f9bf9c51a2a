/*
 * reread: the settings in force, and the next ones, read again while the daemon runs.
 *
 * A file with a fault changes nothing. The log tells of the fault, and of each change of a setting
 * that needs a restart. The daemon puts the new settings in force.
 */
#ifndef TASKMASTER_DAEMON_REREAD_H
#define TASKMASTER_DAEMON_REREAD_H

#include "common/log.h"
#include "config/config.h"
#include "daemon/start.h"
#include "peers/control.h"

#include <stdint.h>

enum { REREAD_FAULT_MAX = 512 };

/* The fault in unusable settings. */
struct reread_fault {
    char text[REREAD_FAULT_MAX]; /* empty: none */
    struct config_place place;
};

/* The keys of changed settings, in two forms; each is cut where it is full. */
struct reread_changes {
    char text[LOG_VALUE_MAX + 64];  /* separated by commas, for the log */
    char list[CONTROL_CHANGED_MAX]; /* JSON, for clients */
    uint32_t count;
};

struct reread {
    /* The daemon fills these in. */
    const struct config_args *args;
    const struct daemon_start *start;
    const struct start_checks *checks;

    struct config *config;         /* in force; NULL before the first */
    struct reread_fault fault;     /* of the last time */
    struct reread_changes changes; /* likewise */
};

/* Reads the settings, looks at the machine, and lets the log go to its new file. NULL after a
 * fault. Otherwise the settings are to be put in force, by reread_swap(). */
struct config *reread_load(struct reread *reread);

/* Notes the changes. From now on `config` is in force. Returns the one before, to be freed once no
 * part has its settings any more. */
struct config *reread_swap(struct reread *reread, struct config *config);

/* The outcome for a client. */
void reread_tell(const struct reread *reread, bool done, struct control_reload *told);

/* The place of a fault, for clients; borrows its texts. */
struct fault_place reread_fault_place(const struct reread_fault *fault);

#endif
