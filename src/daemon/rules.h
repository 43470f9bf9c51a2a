/* rules: rules between the settings that every daemon has. */
#ifndef TASKMASTER_DAEMON_RULES_H
#define TASKMASTER_DAEMON_RULES_H

#include "access/settings.h"
#include "config/config.h"
#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

/* A bound in relation to payload-max. */
struct size_rule {
    const char *key;
    uint64_t bound;
    bool more; /* more than payload-max, not at least */
};

/* Each returns 0, or -1 after config_fault(). */

/* If only payload-max was written, the fault is told of payload-max: nobody wrote the bound. */
int daemon_rule_size(const struct config *config, struct config_error *error,
                     const struct size_rule *rule, uint64_t payload_max);

/* An address of `key` is one, and strangers do not reach it unless they are asked for a token
 * (`guarded`), or that is permitted. `*kind` is filled in. */
int daemon_rule_address(const struct config *config, struct config_error *error, const char *key,
                        const char *text, const struct access_settings *access, bool guarded,
                        enum address_kind *kind);

/* An address of `key` is one to connect to. */
int daemon_rule_server(const struct config *config, struct config_error *error, const char *key,
                       const char *text);

/* All addresses of `listen`: their clients are asked for a token if there is one. */
int daemon_rule_listen(const struct config *config, struct config_error *error,
                       const struct option_list *listen, const struct access_settings *access);

#endif
