/*
 * protocol_redis: two lists of a Redis server, `jobs` and `results`: LPUSH puts, BRPOP waits and
 * takes. The client has a second connection for results, because BRPOP blocks its connection.
 */
#include "payload.h"
#include "protocol.h"

#include <stdlib.h>
#include <string.h>

/* Writes a BRPOP of `list`, or the start of an LPUSH, for a value behind it. */
static void put_pop(struct stream *stream, const char *list)
{
    stream_put_text(stream, "*3\r\n$5\r\nBRPOP\r\n$%zu\r\n%s\r\n$1\r\n0\r\n", strlen(list), list);
}

static void put_push(struct stream *stream, const char *list, size_t size)
{
    stream_put_text(stream, "*3\r\n$5\r\nLPUSH\r\n$%zu\r\n%s\r\n$%zu\r\n", strlen(list), list,
                    size);
}

static void greet(struct stream *streams)
{
    put_pop(&streams[1], "results");
}

static void submit(struct stream *streams, uint64_t number)
{
    put_push(streams, "jobs", payload_size());
    payload_put(streams, number);
    stream_put(streams, "\r\n", 2);
}

/* The length of a line `$n` or `:n` or `*n` at this offset of the input, and n; 0 if the line is
 * not whole. */
static size_t number_line(const struct stream *stream, size_t offset, char type, size_t *number)
{
    const char *at = stream_data(stream) + offset;
    size_t len = stream_len(stream) > offset ? stream_len(stream) - offset : 0;
    const char *lf = len ? memchr(at, '\n', len) : NULL;
    if (!lf)
        return 0;
    if (*at != type)
        die("found %.*s, expected %c", (int)(lf - at), at, type);
    *number = strtoull(at + 1, NULL, 10);
    return (size_t)(lf - at) + 1;
}

/* Skips `:n`, the answers to LPUSH, and counts them. */
static size_t skip_pushed(struct stream *stream)
{
    size_t number, count = 0;
    for (; stream_len(stream) && *stream_data(stream) == ':'; count++) {
        size_t line = number_line(stream, 0, ':', &number);
        if (!line)
            break;
        stream_consume(stream, line);
    }
    return count;
}

/* `*2`, the list's name, the value. */
static bool popped(struct stream *stream, const char **data, size_t *size)
{
    size_t count, offset = 0, line;
    skip_pushed(stream);
    if (!(line = number_line(stream, offset, '*', &count)))
        return false;
    offset += line;
    if (!(line = number_line(stream, offset, '$', &count)))
        return false;
    offset += line + count + 2;
    if (!(line = number_line(stream, offset, '$', size)))
        return false;
    offset += line;
    if (stream_len(stream) - offset < *size + 2)
        return false;
    *data = stream_data(stream) + offset;
    stream_consume(stream, offset + *size + 2);
    return true;
}

static bool result(struct stream *streams, const char **data, size_t *size)
{
    skip_pushed(&streams[0]);
    if (!popped(&streams[1], data, size))
        return false;
    put_pop(&streams[1], "results");
    return true;
}

static void offer(struct stream *stream)
{
    put_pop(stream, "jobs");
}

static void work(struct stream *stream)
{
    const char *data;
    size_t size;
    while (popped(stream, &data, &size)) {
        put_push(stream, "results", size);
        stream_put(stream, data, size + 2);
        put_pop(stream, "jobs");
    }
}

const struct protocol protocol_redis = {.name = "redis",
                                        .streams = 2,
                                        .greet = greet,
                                        .submit = submit,
                                        .result = result,
                                        .offer = offer,
                                        .work = work,
                                        .keep = submit,
                                        .kept = skip_pushed};
