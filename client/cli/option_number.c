/* option_number: see option_number.h. */
#include "option_number.h"

#include "complain.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SECONDS_MAX = 1000000 };

/* Returns false for text that is no finite number. */
static bool read_seconds(const char *value, double *seconds)
{
    char *end;
    *seconds = strtod(value, &end);
    return end != value && !*end && isfinite(*seconds);
}

static uint64_t whole_ms(double seconds)
{
    return (uint64_t)(seconds * 1000 + 0.999);
}

int option_seconds(const char *name, const char *value, uint32_t *ms)
{
    double seconds;
    if (!read_seconds(value, &seconds) || seconds <= 0 || seconds > SECONDS_MAX) {
        complain("--%s wants seconds, more than 0 and at most %d, not '%s'", name, SECONDS_MAX,
                 value);
        return -1;
    }
    *ms = (uint32_t)whole_ms(seconds);
    return 0;
}

int option_long_time(const char *name, const char *value, uint32_t min, uint32_t max, uint64_t *ms)
{
    double seconds;
    if (!read_seconds(value, &seconds) || seconds < min || seconds > max) {
        complain("--%s wants seconds, from %u to %u, not '%s'", name, min, max, value);
        return -1;
    }
    *ms = whole_ms(seconds);
    return 0;
}

int option_number(const char *name, const char *value, uint32_t min, uint32_t max, uint32_t *number)
{
    char *end;
    errno = 0;
    unsigned long long parsed = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || parsed < min || parsed > max) {
        complain("--%s wants a whole number from %u to %u, not '%s'", name, min, max, value);
        return -1;
    }
    *number = (uint32_t)parsed;
    return 0;
}
