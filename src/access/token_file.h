/* token_file: the tokens of which a client must name one, read from a file of one a line. */
#ifndef TASKMASTER_ACCESS_TOKEN_FILE_H
#define TASKMASTER_ACCESS_TOKEN_FILE_H

#include "base/file_read.h"
#include "config/config.h"

enum { TOKEN_COUNT_MAX = 64 };

/* Fills the empty list `tokens`. 0, or -1 with what is wrong in `error`, "FILE: ..." or
 * "FILE:LINE: ...", which never shows any of the file's text. */
int token_file_read(const char *path, enum file_kind kind, struct config_list *tokens, char *error,
                    size_t error_size);

/* Wipes the tokens and frees them. */
void token_list_free(struct config_list *tokens);

#endif
