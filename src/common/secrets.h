/* secrets: settings of modules for everybody's eyes. */
#ifndef TASKMASTER_COMMON_SECRETS_H
#define TASKMASTER_COMMON_SECRETS_H

#include <jansson.h>
#include <stdbool.h>

/* The key looks like that of a secret: "db_password", "API-Key", "tokens". */
bool secrets_is_key(const char *key);

/* Puts "***" in the place of the values of such keys, at any depth. */
void secrets_hide(json_t *value);

#endif
