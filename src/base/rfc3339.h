/* rfc3339: a time with its zone as text: "2026-11-30T08:15:00Z", "2026-11-30T09:15:00.5+01:00". */
#ifndef TASKMASTER_BASE_RFC3339_H
#define TASKMASTER_BASE_RFC3339_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a time from 1970 on as milliseconds since then. Further digits of a second are dropped.
 * False for any other text. */
bool rfc3339_read(const char *text, size_t len, uint64_t *ms);

enum { RFC3339_MAX = 32 }; /* bytes of a written time, with a NUL */

/* Writes a time in UTC, to the second: milliseconds since 1970, up to the year 9999. */
void rfc3339_write(char text[RFC3339_MAX], uint64_t ms);

#endif
