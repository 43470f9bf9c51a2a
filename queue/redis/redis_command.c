/* redis_command: see redis_command.h. */
#include "queue/redis/redis_command.h"

#include "common/digits.h"

#include <string.h>

size_t redis_command_head(char head[REDIS_HEAD_MAX], char type, size_t count)
{
    size_t digits = digits_count(count);
    head[0] = type;
    digits_write(head + 1, digits, count);
    head[digits + 1] = '\r';
    head[digits + 2] = '\n';
    return digits + 3;
}

static void write_head(struct conn *conn, char type, size_t count)
{
    char head[REDIS_HEAD_MAX];
    conn_write(conn, head, redis_command_head(head, type, count));
}

void redis_command_write(struct conn *conn, const char *const *words, size_t count)
{
    write_head(conn, '*', count);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(words[i]);
        write_head(conn, '$', len);
        conn_write(conn, words[i], len);
        conn_write(conn, "\r\n", 2);
    }
}
