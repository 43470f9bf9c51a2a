/* option_number: numbers and seconds as values of options. Above complain. */
#ifndef TASKMASTER_CLIENT_CLI_OPTION_NUMBER_H
#define TASKMASTER_CLIENT_CLI_OPTION_NUMBER_H

#include <stdint.h>

/* Each returns 0, or -1 after a complaint that begins with the option's name. */

/* A whole number, in digits only. */
int option_number(const char *name, const char *value, uint32_t min, uint32_t max,
                  uint32_t *number);

/* Seconds with decimals, more than 0 and at most 1000000, as milliseconds. */
int option_seconds(const char *name, const char *value, uint32_t *ms);

/* The same from `min` to `max` seconds. */
int option_long_time(const char *name, const char *value, uint32_t min, uint32_t max, uint64_t *ms);

#endif
