/*
 * config_check: whether this machine is as the settings want it: what they name is there, and the
 * user that the daemon becomes can use it.
 *
 * config_load() judges the settings alone and looks at nothing but the files that it reads, so that
 * a configuration can be printed and tested where it will not run.
 */
#ifndef TASKMASTER_STARTUP_CONFIG_CHECK_H
#define TASKMASTER_STARTUP_CONFIG_CHECK_H

#include "config/config.h"
#include "startup/identity.h"

enum config_finding {
    CONFIG_FAULT,   /* it will not work */
    CONFIG_WARNING, /* it works for now */
};

enum { CONFIG_FINDING_MAX = CONFIG_ORIGIN_MAX + 2 * 4096 };

/* Is told of each finding: one line that begins with where it comes from. */
typedef void (*config_tell)(void *arg, enum config_finding finding, const char *text);

/* Tells of a fault of a key, or of the entry `module` of the key modules. */
void config_fault(const struct config *config, const char *key, const char *module,
                  config_tell tell, void *arg, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* `user` and `group` name somebody; fills `identity`. True if there is no fault. */
bool config_check_identity(const struct config *config, struct identity *identity, config_tell tell,
                           void *arg);

/* Whether we may become them; told as `finding`, if not. */
bool config_check_rights(const struct config *config, const struct identity *identity,
                         enum config_finding finding, config_tell tell, void *arg);

/* module-dir and worker-path, for a process of that identity. For the start and for reloads. True
 * if there is no fault. */
bool config_check_paths(const struct config *config, const struct identity *identity,
                        config_tell tell, void *arg);

/* Whether the files that a reload reads can be read by that identity. Warnings at most. */
void config_check_reload(const struct config *config, const char *file,
                         const struct identity *identity, config_tell tell, void *arg);

/* Whether no token can be guessed. Warnings at most, which show none of them. */
void config_check_tokens(const struct config *config, config_tell tell, void *arg);

/* Whether the addresses can be had, short of listening on them. Asks the resolver, which may take
 * seconds. True if there is no fault. */
bool config_check_addresses(const struct config *config, config_tell tell, void *arg);

#endif
