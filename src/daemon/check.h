/*
 * check: checks that this machine fits the settings: the files they name are there, and the user to
 * become can use them.
 *
 * config_load() judges the settings alone, and opens no file but those it reads: a configuration
 * can be printed and tested on another machine.
 */
#ifndef TASKMASTER_DAEMON_CHECK_H
#define TASKMASTER_DAEMON_CHECK_H

#include "access/settings.h"
#include "config/config.h"
#include "daemon/identity.h"

enum finding {
    FINDING_FAULT,   /* it will not work */
    FINDING_WARNING, /* it works for now */
};

enum { FINDING_MAX = CONFIG_ORIGIN_MAX + 2 * 4096 };

/* Is told of each finding: one line, with its origin first. */
typedef void (*finding_tell)(void *arg, enum finding finding, const char *text);

/* The checked settings, and the listener for findings. */
struct daemon_check {
    const struct config *config; /* for the origins of values */
    finding_tell tell;
    void *arg;
    struct config_place *place; /* gets the place of a fault, before it is told; may be NULL */
};

/* Tells of a finding in a key's value, or in an entry of the key's object; NULL: no entry. */
void daemon_check_tell(const struct daemon_check *check, enum finding finding, const char *key,
                       const char *entry, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* `user` and `group` name somebody; fills `identity`. Returns false after a fault. */
bool daemon_check_identity(const struct daemon_check *check,
                           const struct identity_settings *settings, struct identity *identity);

/* Whether this process may become them. If not, tells so as `finding`. */
bool daemon_check_rights(const struct daemon_check *check, const struct identity_settings *settings,
                         const struct identity *identity, enum finding finding);

/* The identity can read the files of a reload: the settings' own (NULL: none), tokens and access.
 * Warnings at most. */
void daemon_check_reload(const struct daemon_check *check, const char *file,
                         const struct access_settings *access, const struct identity *identity);

/* Likewise of a file of one more key; NULL: none. */
void daemon_check_readable(const struct daemon_check *check, const struct identity *identity,
                           const char *key, const char *path);

/* No token can be guessed. Warnings at most, without any text of a token. */
void daemon_check_tokens(const struct daemon_check *check, const struct access_settings *access);

#endif
