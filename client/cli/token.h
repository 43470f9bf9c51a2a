/* token: the token of --token-file. Above complain. */
#ifndef TASKMASTER_CLIENT_CLI_TOKEN_H
#define TASKMASTER_CLIENT_CLI_TOKEN_H

#include "common/token_text.h"

/* Returns the first token of the file, a part of `text`; the caller wipes `text` after use. Returns
 * NULL after a complaint. */
const char *token_read(const char *path, char text[TOKEN_FILE_MAX + 1]);

#endif
