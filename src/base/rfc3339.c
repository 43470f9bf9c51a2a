/*
 * rfc3339: see rfc3339.h. Written by hand: strptime() takes blanks and short numbers, and knows no
 * fractions of a second.
 */
#include "base/rfc3339.h"

#include <time.h>

struct reader {
    const char *at, *end;
};

struct date {
    unsigned year, month, day;
};

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || (*reader->at & ~0x20) != (c & ~0x20))
        return false;
    reader->at++;
    return true;
}

static bool is_digit(const struct reader *reader)
{
    return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

/* Exactly `count` digits, with a value of `min` to `max`. */
static bool take_number(struct reader *reader, int count, unsigned min, unsigned max,
                        unsigned *value)
{
    *value = 0;
    for (; count && is_digit(reader); count--)
        *value = *value * 10 + (unsigned)(*reader->at++ - '0');
    return !count && *value >= min && *value <= max;
}

static unsigned days_of_month(const struct date *date)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
    return days[date->month - 1] + (date->month == 2 && leap ? 1u : 0u);
}

/* Days since 1970, of a year that begins in March: so a leap day is its last. */
static uint64_t days_since_1970(const struct date *date)
{
    uint64_t year = date->year - (date->month <= 2);
    uint64_t month = (date->month + 9) % 12;
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date->day - 1 -
           719468;
}

static bool read_date(struct reader *reader, uint64_t *seconds)
{
    struct date date;
    if (!take_number(reader, 4, 1970, 9999, &date.year) || !take(reader, '-') ||
        !take_number(reader, 2, 1, 12, &date.month) || !take(reader, '-') ||
        !take_number(reader, 2, 1, days_of_month(&date), &date.day))
        return false;
    *seconds = days_since_1970(&date) * 86400;
    return true;
}

/* A leap second is the first one of the next minute. */
static bool read_clock(struct reader *reader, uint64_t *seconds)
{
    unsigned hour, minute, second;
    if (!take_number(reader, 2, 0, 23, &hour) || !take(reader, ':') ||
        !take_number(reader, 2, 0, 59, &minute) || !take(reader, ':') ||
        !take_number(reader, 2, 0, 60, &second))
        return false;
    *seconds += hour * 3600 + minute * 60 + second;
    return true;
}

/* Nothing, or a full stop and at least one digit. */
static bool read_fraction(struct reader *reader, uint64_t *ms)
{
    *ms = 0;
    if (!take(reader, '.'))
        return true;
    if (!is_digit(reader))
        return false;
    for (unsigned unit = 100; is_digit(reader); unit /= 10)
        *ms += (uint64_t)unit * (unsigned)(*reader->at++ - '0');
    return true;
}

/* The zone is taken off the seconds. False for a time before 1970. */
static bool read_zone(struct reader *reader, uint64_t *seconds)
{
    unsigned hours, minutes;
    if (take(reader, 'Z'))
        return true;
    bool east = take(reader, '+');
    if ((!east && !take(reader, '-')) || !take_number(reader, 2, 0, 23, &hours) ||
        !take(reader, ':') || !take_number(reader, 2, 0, 59, &minutes))
        return false;
    uint64_t offset = hours * 3600ull + minutes * 60ull;
    if (east && offset > *seconds)
        return false;
    *seconds += east ? 0 - offset : offset;
    return true;
}

bool rfc3339_read(const char *text, size_t len, uint64_t *ms)
{
    struct reader reader = {text, text + len};
    uint64_t seconds, fraction;
    if (!read_date(&reader, &seconds) || (!take(&reader, 'T') && !take(&reader, ' ')) ||
        !read_clock(&reader, &seconds) || !read_fraction(&reader, &fraction) ||
        !read_zone(&reader, &seconds) || reader.at != reader.end)
        return false;
    *ms = seconds * 1000 + fraction;
    return true;
}

/* strftime() does not ask the locale for these. */
void rfc3339_write(char text[RFC3339_MAX], uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm = {.tm_mday = 1, .tm_year = 70};
    gmtime_r(&seconds, &tm);
    strftime(text, RFC3339_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
