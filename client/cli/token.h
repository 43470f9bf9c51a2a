/* token: the token of --token-file. */
#ifndef TASKMASTER_CLIENT_CLI_TOKEN_H
#define TASKMASTER_CLIENT_CLI_TOKEN_H

#include "common/token_text.h"

/* The first token of the file; lies in `text`, which whoever is done with it wipes. NULL after a
 * complaint. */
const char *token_read(const char *path, char text[TOKEN_FILE_MAX + 1]);

#endif
