/* start: whether this machine fits the settings: at the start of a daemon, and for -t. */
#ifndef TASKMASTER_DAEMON_START_H
#define TASKMASTER_DAEMON_START_H

#include "access/settings.h"
#include "base/log_settings.h"
#include "daemon/activation.h"
#include "daemon/check.h"
#include "daemon/check_addresses.h"

/* The settings that every daemon has. */
struct daemon_settings {
    const struct option_list *listen;
    const struct identity_settings *identity;
    const struct access_settings *access;
    const struct log_settings *log;
};

/* What the start has found out. */
struct daemon_start {
    struct identity identity;
    struct activation sockets;
};

/* A daemon's own checks. NULL: none. */
struct start_checks {
    const char *program;
    const char *sockets; /* the name of its sockets at the service manager: "clients" */
    const char *guard;   /* "set KEY ...": what permits addresses that strangers reach */
    struct daemon_settings (*settings)(const struct config *config);
    /* For -t: one more address to listen on. */
    struct check_address (*address)(const struct config *config);
    /* The files that it needs are there. False after a fault. */
    bool (*paths)(const struct daemon_check *check, const struct identity *identity);
    /* Warnings at most. */
    void (*warn)(const struct daemon_check *check, const struct identity *identity);
    /* For -t, the last one, and only if the files are there. `option`: the option beside -t. */
    bool (*trial)(const struct daemon_check *check, struct identity *identity, bool option);
};

/* Before anything is listened on. Finds the identity and the service manager's sockets, and lets
 * the log go to its file. Returns an exit status. */
int start_check(const struct config *config, const struct config_args *args,
                const struct start_checks *checks, struct daemon_start *start);

/* Checks everything: one run names all faults, on standard error. Returns an exit status. */
int start_trial(const struct config *config, const struct config_args *args,
                const struct start_checks *checks, bool option);

#endif
