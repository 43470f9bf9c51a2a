/* units: see units.h. */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>

/* Writes `value` / `unit` with three digits or more, rounded down. */
static char *scaled(char text[UNITS_MAX], uint64_t value, uint64_t unit, const char *name)
{
    uint64_t whole = value / unit, tenth = value % unit * 10 / unit;
    if (whole < 100)
        snprintf(text, UNITS_MAX, "%" PRIu64 ".%" PRIu64 "%s", whole, tenth, name);
    else
        snprintf(text, UNITS_MAX, "%" PRIu64 "%s", whole, name);
    return text;
}

/* Writes two units: "4m05s". */
static char *pair(char text[UNITS_MAX], uint64_t value, uint64_t per, char large, char small)
{
    snprintf(text, UNITS_MAX, "%" PRIu64 "%c%02" PRIu64 "%c", value / per, large, value % per,
             small);
    return text;
}

char *units_time(char text[UNITS_MAX], uint64_t us)
{
    const uint64_t seconds = us / 1000000;
    if (us < 1000)
        snprintf(text, UNITS_MAX, "%" PRIu64 "us", us);
    else if (seconds < 1)
        return scaled(text, us, 1000, "ms");
    else if (seconds < 100)
        return scaled(text, us, 1000000, "s");
    else if (seconds < 6000)
        return pair(text, seconds, 60, 'm', 's');
    else if (seconds < 360000)
        return pair(text, seconds / 60, 60, 'h', 'm');
    else
        return pair(text, seconds / 3600, 24, 'd', 'h');
    return text;
}

static char *counted(char text[UNITS_MAX], uint64_t value, uint64_t step, const char *const *names)
{
    uint64_t unit = 1;
    while (value / unit >= step && *(names + 1)) {
        unit *= step;
        names++;
    }
    if (unit > 1)
        return scaled(text, value, unit, *names);
    snprintf(text, UNITS_MAX, "%" PRIu64 "%s", value, *names);
    return text;
}

char *units_size(char text[UNITS_MAX], uint64_t bytes)
{
    static const char *const names[] = {"B", "K", "M", "G", "T", "P", NULL};
    return counted(text, bytes, 1024, names);
}

char *units_count(char text[UNITS_MAX], uint64_t count)
{
    static const char *const names[] = {"", "k", "M", "G", "T", NULL};
    if (count < 10000) {
        snprintf(text, UNITS_MAX, "%" PRIu64, count);
        return text;
    }
    return counted(text, count, 1000, names);
}
