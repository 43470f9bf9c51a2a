/* redis_reply: see redis_reply.h. */
#include "queue/redis/redis_reply.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <hiredis/hiredis.h> /* its version */
#include <hiredis/read.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    DEPTH_MAX = 9,        /* lists in one another: a reader of 1.0 on has no bound of its own */
    ITEMS_MAX = 1 << 20,  /* of a list: more than any script returns */
    UNREAD_MAX = 1 << 30, /* bytes of one reply: of twice the largest body in Redis */
    BEGINNING_MAX = 60,   /* bytes of a foreign greeting in a message */
};

struct redis_reader {
    redisReader *reader;
    bool is_begun; /* its first byte was looked at */
    bool has_fault;
    char fault[192];
};

#if HIREDIS_MAJOR >= 1
typedef size_t item_count;
#else
typedef int item_count;
#endif

static const struct redis_reply nothing = {.text = ""};

/* --- a tree --- */

static struct redis_reply *new_reply(enum redis_reply_type type, size_t more)
{
    struct redis_reply *reply = xcalloc(1, sizeof *reply + more);
    reply->type = type;
    reply->text = "";
    return reply;
}

void redis_reply_free(struct redis_reply *reply)
{
    if (!reply)
        return;
    for (size_t i = 0; i < reply->count; i++)
        redis_reply_free(reply->items[i]);
    free(reply);
}

const struct redis_reply *redis_reply_at(const struct redis_reply *reply, size_t i)
{
    return i < reply->count && reply->items[i] ? reply->items[i] : &nothing;
}

/* At most 20 digits, and no overflow. */
static uint64_t number_of(const char *text, size_t len)
{
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    return number;
}

uint64_t redis_reply_number(const struct redis_reply *reply)
{
    if (reply->type == REPLY_NUMBER)
        return reply->number > 0 ? (uint64_t)reply->number : 0;
    return reply->type == REPLY_TEXT ? number_of(reply->text, reply->len) : 0;
}

uint64_t redis_reply_number_at(const struct redis_reply *reply, size_t i)
{
    return redis_reply_number(redis_reply_at(reply, i));
}

const char *redis_reply_text_at(const struct redis_reply *reply, size_t i, size_t *len)
{
    const struct redis_reply *item = redis_reply_at(reply, i);
    *len = item->len;
    return item->text;
}

bool redis_reply_begins(const struct redis_reply *reply, const char *word)
{
    size_t len = strlen(word);
    return reply->len >= len && memcmp(reply->text, word, len) == 0 &&
           (reply->text[len] == ' ' || reply->text[len] == '\0');
}

/* --- hiredis's reader makes trees of ours --- */

/* An item takes its place in the list around it. */
static void *place(const redisReadTask *task, struct redis_reply *reply)
{
    if (task->parent) {
        struct redis_reply *list = task->parent->obj;
        ((struct redis_reply **)list->items)[task->idx] = reply;
    }
    return reply;
}

static void *make_text(const redisReadTask *task, char *text, size_t len)
{
    enum redis_reply_type type = task->type == REDIS_REPLY_ERROR    ? REPLY_ERROR
                                 : task->type == REDIS_REPLY_STATUS ? REPLY_STATUS
                                                                    : REPLY_TEXT;
    struct redis_reply *reply = new_reply(type, len + 1);
    char *copy = (char *)(reply + 1);
    memcpy(copy, text, len);
    reply->text = copy;
    reply->len = len;
    return place(task, reply);
}

static bool is_deep(const redisReadTask *task)
{
    size_t depth = 0;
    for (; task; task = task->parent)
        depth++;
    return depth > DEPTH_MAX;
}

/* NULL ends the reading. */
static void *make_list(const redisReadTask *task, item_count items)
{
    size_t count = (size_t)items;
    if (count > ITEMS_MAX || is_deep(task))
        return NULL;
    struct redis_reply *reply = new_reply(REPLY_LIST, count * sizeof(struct redis_reply *));
    reply->items = (struct redis_reply **)(reply + 1);
    reply->count = count;
    return place(task, reply);
}

static void *make_number(const redisReadTask *task, long long number)
{
    struct redis_reply *reply = new_reply(REPLY_NUMBER, 0);
    reply->number = number;
    return place(task, reply);
}

static void *make_nothing(const redisReadTask *task)
{
    return place(task, new_reply(REPLY_NOTHING, 0));
}

#if HIREDIS_MAJOR >= 1
/* Of a protocol that nobody has asked for: they end the reading. Without these two the reader makes
 * replies that are no pointers. */
static void *refuse_double(const redisReadTask *task, double number, char *text, size_t len)
{
    (void)task, (void)number, (void)text, (void)len;
    return NULL;
}

static void *refuse_bool(const redisReadTask *task, int is_true)
{
    (void)task, (void)is_true;
    return NULL;
}
#endif

static void free_reply(void *reply)
{
    redis_reply_free(reply);
}

static redisReplyObjectFunctions makers = {
    .createString = make_text,
    .createArray = make_list,
    .createInteger = make_number,
    .createNil = make_nothing,
#if HIREDIS_MAJOR >= 1
    .createDouble = refuse_double,
    .createBool = refuse_bool,
#endif
    .freeObject = free_reply,
};

/* --- the reader --- */

struct redis_reader *redis_reader_new(void)
{
    struct redis_reader *reader = xcalloc(1, sizeof *reader);
    reader->reader = redisReaderCreateWithFunctions(&makers);
    if (!reader->reader)
        fatal(EX_OSERR, "no memory to read from Redis");
    return reader;
}

void redis_reader_free(struct redis_reader *reader)
{
    if (!reader)
        return;
    redisReaderFree(reader->reader);
    free(reader);
}

static int fail(struct redis_reader *reader, const char *what, const char *text, size_t len)
{
    reader->has_fault = true;
    snprintf(reader->fault, sizeof reader->fault, "%s%.*s", what, (int)len, text);
    return -1;
}

/* The first line of another service, such as a web server, tells best what is wrong. */
static int look_at_beginning(struct redis_reader *reader, const char *data, size_t len)
{
    reader->is_begun = true;
    if (strchr("+-:$*", *data) && *data)
        return 0;
    size_t n = 0;
    while (n < len && n < BEGINNING_MAX && data[n] != '\r' && data[n] != '\n')
        n++;
    return fail(reader, "a server that says ", data, n);
}

int redis_reader_feed(struct redis_reader *reader, const char *data, size_t len)
{
    if (reader->has_fault)
        return -1;
    if (len && !reader->is_begun && look_at_beginning(reader, data, len) < 0)
        return -1;
    if (reader->reader->len > UNREAD_MAX)
        return fail(reader, "a reply of Redis is too long", "", 0);
    if (redisReaderFeed(reader->reader, data, len) != REDIS_OK)
        return fail(reader, reader->reader->errstr, "", 0);
    return 0;
}

struct redis_reply *redis_reader_next(struct redis_reader *reader)
{
    void *reply = NULL;
    if (reader->has_fault)
        return NULL;
    if (redisReaderGetReply(reader->reader, &reply) == REDIS_OK)
        return reply;
    fail(reader,
         reader->reader->err == REDIS_ERR_OOM ? "a reply of Redis is too long"
                                              : reader->reader->errstr,
         "", 0);
    return NULL;
}

const char *redis_reader_fault(const struct redis_reader *reader)
{
    return reader->has_fault ? reader->fault : NULL;
}
