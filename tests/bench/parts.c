/*
 * parts: the bytes a second of one long stream, from a worker through the broker to a client.
 *
 *   bench-parts serve PORT SIZE          the relay's worker: answers each frame with SIZE bytes
 *   bench-parts relay PORT SIZE MS       reads such answers, with some of them asked for ahead
 *   bench-parts taskmaster PORT SIZE MS  reads the parts of a job of the module parts
 *
 * The relay knows no streams, so each of its answers is asked for. Prints one line of JSON.
 */
#include "relay_frame.h"
#include "stream.h"
#include "taskmaster_event.h"

#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 16, PATIENCE_MS = 20000 };

static void turn(struct stream *stream)
{
    if (!streams_turn(stream, 1, PATIENCE_MS))
        die("the connection ended");
}

/* Takes the first message off the input if it is whole. Returns the bytes behind its head, or
 * SIZE_MAX. */
static size_t take_frame(struct stream *stream)
{
    struct relay_frame frame;
    if (stream_len(stream) < sizeof frame)
        return SIZE_MAX;
    memcpy(&frame, stream_data(stream), sizeof frame);
    if (stream_len(stream) - sizeof frame < frame.size)
        return SIZE_MAX;
    stream_consume(stream, sizeof frame + frame.size);
    return frame.size;
}

static size_t take_part(struct stream *stream)
{
    struct taskmaster_event event;
    if (!taskmaster_event_next(stream, &event))
        return SIZE_MAX;
    if (taskmaster_event_is(&event, "part"))
        return event.size;
    if (!taskmaster_event_is(&event, "hello"))
        die("no part: %.*s", (int)event.header_len, event.header);
    return 0;
}

static void ask(struct stream *stream)
{
    stream_put(stream, &(struct relay_frame){.size = 0}, sizeof(struct relay_frame));
}

static void serve(struct stream *stream, size_t size)
{
    char *data = xcalloc(1, size);
    while (streams_turn(stream, 1, -1))
        while (take_frame(stream) != SIZE_MAX) {
            stream_put(stream, &(struct relay_frame){.size = size}, sizeof(struct relay_frame));
            stream_put(stream, data, size);
        }
    free(data);
}

static uint64_t read_relay(struct stream *stream, uint64_t end_ns)
{
    uint64_t bytes = 0;
    for (int i = 0; i < AHEAD; i++)
        ask(stream);
    while (now_ns() < end_ns) {
        turn(stream);
        for (size_t size; (size = take_frame(stream)) != SIZE_MAX; bytes += size)
            ask(stream);
    }
    return bytes;
}

static uint64_t read_parts(struct stream *stream, size_t part, uint64_t end_ns)
{
    char order[64];
    uint64_t bytes = 0;
    int len = snprintf(order, sizeof order, "%" PRIu64 " %zu", UINT64_C(1) << 50, part);
    stream_put_text(stream,
                    "{\"op\":\"hello\",\"protocol\":1}\n{\"op\":\"submit\",\"id\":1,\"module\":"
                    "\"parts\",\"notify\":[\"part\"],\"size\":%d}\n%s",
                    len, order);
    while (now_ns() < end_ns) {
        turn(stream);
        for (size_t size; (size = take_part(stream)) != SIZE_MAX;)
            bytes += size;
    }
    return bytes;
}

int main(int argc, char **argv)
{
    struct stream stream;
    if (argc < 4)
        die("usage: bench-parts serve|relay|taskmaster PORT SIZE [MS]");
    const size_t size = strtoull(argv[3], NULL, 10);
    stream_connect(&stream, (uint16_t)atoi(argv[2]));
    if (strcmp(argv[1], "serve") == 0) {
        serve(&stream, size);
        return 0;
    }
    uint64_t begun_ns = now_ns(),
             end_ns = begun_ns + strtoull(argc > 4 ? argv[4] : "0", NULL, 10) * 1000000;
    uint64_t bytes = strcmp(argv[1], "relay") == 0 ? read_relay(&stream, end_ns)
                                                   : read_parts(&stream, size, end_ns);
    printf("{\"bytes_per_s\":%.0f}\n", (double)bytes * 1e9 / (double)(now_ns() - begun_ns));
    stream_close(&stream);
    return 0;
}
