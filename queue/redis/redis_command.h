/* redis_command: writes a command in Redis's protocol: a list of texts of any bytes. */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_COMMAND_H
#define TASKMASTER_QUEUE_REDIS_REDIS_COMMAND_H

#include "net/conn.h"

#include <stddef.h>

enum { REDIS_HEAD_MAX = 32 }; /* bytes of a list's or a text's head */

/* The head of a list of texts ('*') or of a text ('$'): `count` items, or bytes. Returns its
 * length. */
size_t redis_command_head(char head[REDIS_HEAD_MAX], char type, size_t count);

/* A whole command, of a few texts. */
void redis_command_write(struct conn *conn, const char *const *words, size_t count);

#define REDIS_COMMAND(conn, ...)                                    \
    redis_command_write((conn), (const char *const[]){__VA_ARGS__}, \
                        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#endif
