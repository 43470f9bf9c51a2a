/* log_settings: the least level, the form and the file of the log. */
#ifndef TASKMASTER_BASE_LOG_SETTINGS_H
#define TASKMASTER_BASE_LOG_SETTINGS_H

#include "base/option.h"
#include "common/log.h"

struct log_settings {
    enum log_level level;
    enum log_format format;
    char *file; /* NULL: stderr */
};

extern const struct option_table log_options;

#endif
