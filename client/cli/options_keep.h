/* options_keep: the values of options about a kept job; the table is in options.c. Each function
 * returns 0, or -1 after a complaint. Above option_number. */
#ifndef TASKMASTER_CLIENT_CLI_OPTIONS_KEEP_H
#define TASKMASTER_CLIENT_CLI_OPTIONS_KEEP_H

#include "settings.h"

int options_keep_at(struct settings *settings, const char *value);
int options_keep_delay(struct settings *settings, const char *value);
int options_keep_key(struct settings *settings, const char *value);
int options_keep_priority(struct settings *settings, const char *value);
int options_keep_retries(struct settings *settings, const char *value);
int options_keep_retry_delay(struct settings *settings, const char *value);
int options_keep_retry_on(struct settings *settings, const char *value);
int options_keep_ttl(struct settings *settings, const char *value);

#endif
