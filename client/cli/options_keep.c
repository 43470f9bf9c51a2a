/* options_keep: see options_keep.h. */
#include "options_keep.h"

#include "option_number.h"

enum {
    DAY_S = 24 * 3600,
    DELAY_MAX_S = 365 * DAY_S, /* these are the protocol's limits */
    TTL_MAX_S = 30 * DAY_S,
    PRIORITY_MAX = 9,
    RETRIES_MAX = 100,
};

/* The server reads the time. */
int options_keep_at(struct settings *settings, const char *value)
{
    settings->keep.at = value;
    return 0;
}

int options_keep_delay(struct settings *settings, const char *value)
{
    return option_long_time("delay", value, 0, DELAY_MAX_S, &settings->keep.delay_ms);
}

int options_keep_key(struct settings *settings, const char *value)
{
    settings->keep.key = value;
    return 0;
}

int options_keep_priority(struct settings *settings, const char *value)
{
    settings->keep.has_priority = true;
    return option_number("priority", value, 0, PRIORITY_MAX, &settings->keep.priority);
}

int options_keep_retries(struct settings *settings, const char *value)
{
    return option_number("retries", value, 0, RETRIES_MAX, &settings->keep.retries);
}

int options_keep_retry_delay(struct settings *settings, const char *value)
{
    settings->keep.has_retry_delay = true;
    return option_long_time("retry-delay", value, 0, DAY_S, &settings->keep.retry_delay_ms);
}

/* The server knows the words. */
int options_keep_retry_on(struct settings *settings, const char *value)
{
    settings->keep.retry_on = value;
    return 0;
}

int options_keep_ttl(struct settings *settings, const char *value)
{
    return option_long_time("ttl", value, 1, TTL_MAX_S, &settings->keep.ttl_ms);
}
