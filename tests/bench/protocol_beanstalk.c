/*
 * protocol_beanstalk: beanstalkd has no results, so a second tube carries them back. A worker takes
 * from `jobs` and puts into `results`, the client the other way round. The client has a second
 * connection for results, because `reserve` blocks its connection.
 */
#include "payload.h"
#include "protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char crlf[] = "\r\n";

static void greet(struct stream *streams)
{
    stream_put_text(&streams[0], "use jobs\r\n");
    stream_put_text(&streams[1], "watch results\r\nignore default\r\nreserve\r\n");
}

static void put_put(struct stream *stream, size_t size)
{
    stream_put_text(stream, "put 0 0 60 %zu\r\n", size);
}

static void submit(struct stream *streams, uint64_t number)
{
    put_put(streams, payload_size());
    payload_put(streams, number);
    stream_put(streams, crlf, 2);
}

static bool starts(const struct stream *stream, size_t line, const char *word)
{
    size_t len = strlen(word);
    return line >= len && !memcmp(stream_data(stream), word, len);
}

struct reserved {
    uint64_t id;
    const char *data;
    size_t size;
};

/* Takes the input up to the end of a job; false if no job is whole. */
static bool next(struct stream *stream, struct reserved *job)
{
    for (size_t line; (line = stream_line(stream)); stream_consume(stream, line)) {
        char *end;
        if (!starts(stream, line, "RESERVED ")) {
            if (!starts(stream, line, "INSERTED ") && !starts(stream, line, "DELETED") &&
                !starts(stream, line, "USING ") && !starts(stream, line, "WATCHING "))
                die("no job: %.*s", (int)line, stream_data(stream));
            continue;
        }
        job->id = strtoull(stream_data(stream) + strlen("RESERVED "), &end, 10);
        job->size = strtoull(end, NULL, 10);
        if (stream_len(stream) - line < job->size + 2)
            return false;
        job->data = stream_data(stream) + line;
        stream_consume(stream, line + job->size + 2);
        return true;
    }
    return false;
}

static void put_delete(struct stream *stream, uint64_t id)
{
    stream_put_text(stream, "delete %" PRIu64 "\r\nreserve\r\n", id);
}

static bool result(struct stream *streams, const char **data, size_t *size)
{
    struct reserved job;
    if (next(&streams[0], &job))
        die("a job on the connection for puts");
    if (!next(&streams[1], &job))
        return false;
    put_delete(&streams[1], job.id);
    *data = job.data;
    *size = job.size;
    return true;
}

static void offer(struct stream *stream)
{
    stream_put_text(stream, "use results\r\nwatch jobs\r\nignore default\r\nreserve\r\n");
}

static void work(struct stream *stream)
{
    struct reserved job;
    while (next(stream, &job)) {
        put_put(stream, job.size);
        stream_put(stream, job.data, job.size + 2);
        put_delete(stream, job.id);
    }
}

static size_t kept(struct stream *stream)
{
    size_t count = 0;
    for (size_t line; (line = stream_line(stream)); stream_consume(stream, line)) {
        if (starts(stream, line, "INSERTED "))
            count++;
        else if (!starts(stream, line, "USING "))
            die("not kept: %.*s", (int)line, stream_data(stream));
    }
    return count;
}

const struct protocol protocol_beanstalk = {.name = "beanstalk",
                                            .streams = 2,
                                            .greet = greet,
                                            .submit = submit,
                                            .result = result,
                                            .offer = offer,
                                            .work = work,
                                            .keep = submit,
                                            .kept = kept};
