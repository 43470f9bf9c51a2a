/* hello: what the answer of a daemon to hello tells a client of it. */
#ifndef TASKMASTER_UPSTREAM_HELLO_H
#define TASKMASTER_UPSTREAM_HELLO_H

#include "access/token_set.h"
#include "net/conn.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes our hello, with the first of the tokens. */
void hello_ask(struct conn *conn, const char *client, const struct token_set *tokens);

/* The answer, or what came in its place. NULL after a message in `error`. The caller frees it. */
json_t *hello_read(const char *header, size_t len, char *error, size_t error_size);

/* Whether the list "features" or "rights" has the word. */
bool hello_has(const json_t *hello, const char *list, const char *word);

/* 0 if there is no such number. */
uint64_t hello_number(const json_t *hello, const char *key);

/* "" if there is no such text. */
const char *hello_text(const json_t *hello, const char *key);

#endif
