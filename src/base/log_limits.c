/* log_limits: see log_limits.h. */
#include "base/log_limits.h"

#include <stdio.h>
#include <string.h>

void log_limits_init(struct log_limits *limits, struct timers *timers)
{
    for (size_t i = 0; i < LOG_LIMITS_MAX; i++) {
        struct log_limits_entry *entry = &limits->entries[i];
        *entry->module = '\0';
        log_limit_init(&entry->limit, timers, LOG_INFO, "");
        entry->limit.module = entry->module;
    }
    log_limit_init(&limits->others, timers, LOG_WARN, "others");
}

static bool is_of(const struct log_limits_entry *entry, enum log_level level, const char *event,
                  const char *module)
{
    return entry->limit.level == level && strcmp(entry->limit.event, event) == 0 &&
           strcmp(entry->module, module) == 0;
}

/* Returns the entry of such lines, a free one, or NULL. */
static struct log_limits_entry *find(struct log_limits *limits, enum log_level level,
                                     const char *event, const char *module)
{
    struct log_limits_entry *spare = NULL;
    for (size_t i = 0; i < LOG_LIMITS_MAX; i++) {
        struct log_limits_entry *entry = &limits->entries[i];
        if (!log_limit_is_counting(&entry->limit))
            spare = entry;
        else if (is_of(entry, level, event, module))
            return entry;
    }
    return spare;
}

bool log_limits_allow(struct log_limits *limits, enum log_level level, const char *event,
                      const char *module)
{
    struct log_limits_entry *entry = find(limits, level, event, module);
    if (!entry)
        return log_limit_allows(&limits->others);
    if (!log_limit_is_counting(&entry->limit)) {
        snprintf(entry->module, sizeof entry->module, "%s", module);
        entry->limit.event = event;
        entry->limit.level = level;
    }
    return log_limit_allows(&entry->limit);
}

void log_limits_end(struct log_limits *limits)
{
    for (size_t i = 0; i < LOG_LIMITS_MAX; i++)
        log_limit_end(&limits->entries[i].limit);
    log_limit_end(&limits->others);
}
