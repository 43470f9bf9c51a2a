/* reply_of: a reply of Redis, made of a text in which "\n" stands for CR LF: "*2\n:0\n$3\nabc\n".
 */
#ifndef TASKMASTER_TESTS_REDIS_REPLY_OF_H
#define TASKMASTER_TESTS_REDIS_REPLY_OF_H

#include "queue/redis/redis_reply.h"
#include "tests/unit/support.h"

static inline struct redis_reply *reply_of(const char *text)
{
    struct redis_reader *reader = redis_reader_new();
    for (; *text; text++)
        ck_assert_int_eq(
            redis_reader_feed(reader, *text == '\n' ? "\r\n" : text, *text == '\n' ? 2 : 1), 0);
    struct redis_reply *reply = redis_reader_next(reader);
    ck_assert_ptr_nonnull(reply);
    redis_reader_free(reader);
    return reply;
}

#endif
