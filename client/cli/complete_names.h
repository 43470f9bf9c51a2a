/* complete_names: the names of a kind, most of them the server's. Above connect. */
#ifndef TASKMASTER_CLIENT_CLI_COMPLETE_NAMES_H
#define TASKMASTER_CLIENT_CLI_COMPLETE_NAMES_H

#include "settings.h"
#include "value.h"

typedef void complete_offer(const char *name, void *arg);

/* Calls `offer` for each name. Complains on standard error of a server without an answer. */
void complete_names(const struct settings *settings, enum value_kind kind, complete_offer *offer,
                    void *arg);

#endif
