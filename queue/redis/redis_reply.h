/*
 * redis_reply: what Redis answers, as a tree of values.
 *
 * A reply is input of a server that may be broken or foreign. So each look at it is safe: an item
 * that is missing, or of another type, reads as nothing, 0, or an empty text.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_REPLY_H
#define TASKMASTER_QUEUE_REDIS_REDIS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum redis_reply_type {
    REPLY_NOTHING, /* Redis's nil, and each item that is missing */
    REPLY_NUMBER,
    REPLY_TEXT,   /* any bytes */
    REPLY_STATUS, /* a text: OK, PONG, QUEUED */
    REPLY_ERROR,  /* a text: a code in capitals, a blank, a message */
    REPLY_LIST,
};

struct redis_reply {
    enum redis_reply_type type;
    int64_t number;
    size_t len;       /* of the text */
    const char *text; /* with a NUL behind; "" unless there is one */
    size_t count;     /* of the items */
    struct redis_reply *const *items;
};

/* NULL is fine. */
void redis_reply_free(struct redis_reply *reply);

/* The item; never NULL. `reply` may be any. */
const struct redis_reply *redis_reply_at(const struct redis_reply *reply, size_t i);

/* A number, or a text of digits alone: numbers over 53 bits come as texts. Else 0. */
uint64_t redis_reply_number(const struct redis_reply *reply);

/* The same of an item. */
uint64_t redis_reply_number_at(const struct redis_reply *reply, size_t i);

/* An item's text, of `*len` bytes; "" of 0 bytes unless there is one. */
const char *redis_reply_text_at(const struct redis_reply *reply, size_t i, size_t *len);

/* Whether the text of the reply begins with `word`, and a blank or the end follows. */
bool redis_reply_begins(const struct redis_reply *reply, const char *word);

/* --- reading --- */

struct redis_reader;

struct redis_reader *redis_reader_new(void);
void redis_reader_free(struct redis_reader *reader); /* NULL is fine */

/* The next bytes. 0, or -1: no Redis speaks so; redis_reader_fault() says why. */
int redis_reader_feed(struct redis_reader *reader, const char *data, size_t len);

/* The next whole reply, the caller's; NULL: none yet, or a fault. */
struct redis_reply *redis_reader_next(struct redis_reader *reader);

/* NULL without one. After a fault nothing more is read. */
const char *redis_reader_fault(const struct redis_reader *reader);

#endif
