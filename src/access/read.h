/* read: reads the files that the settings of access name. */
#ifndef TASKMASTER_ACCESS_READ_H
#define TASKMASTER_ACCESS_READ_H

#include "access/settings.h"
#include "base/file_read.h"
#include "config/config.h"

/* For the `read` of a schema: fills `access->tokens`, which is empty. Returns 0, or -1 after
 * config_fault(). The caller frees the set in both cases. */
int access_read(const struct config *config, struct access_settings *access, enum file_kind kind,
                struct config_error *error);

#endif
