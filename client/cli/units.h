/* units: times and sizes for people, in few characters. Calls nobody. */
#ifndef TASKMASTER_CLIENT_CLI_UNITS_H
#define TASKMASTER_CLIENT_CLI_UNITS_H

#include <stdint.h>

enum { UNITS_MAX = 24 }; /* bytes of a text; at most six columns */

/* "850us", "3.4ms", "12.0s", "4m05s", "3h12m", "5d02h". Returns `text`. */
char *units_time(char text[UNITS_MAX], uint64_t us);

/* "512B", "3.4K", "120M", "1.5G": powers of 1,024. */
char *units_size(char text[UNITS_MAX], uint64_t bytes);

/* "950", "12.3k", "4.5M": powers of 1,000. */
char *units_count(char text[UNITS_MAX], uint64_t count);

#endif
