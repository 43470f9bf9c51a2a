/* protocol_gearman: gearmand's binary protocol, jobs in the foreground. */
#include "payload.h"
#include "protocol.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    CAN_DO = 1,
    PRE_SLEEP = 4,
    NOOP = 6,
    SUBMIT_JOB = 7,
    JOB_CREATED = 8,
    GRAB_JOB = 9,
    NO_JOB = 10,
    JOB_ASSIGN = 11,
    WORK_COMPLETE = 13,
    HEADER_LEN = 12,
};

static const char function[] = "echo"; /* with its NUL, the end of an argument */

struct packet {
    uint32_t type;
    const char *data;
    size_t size;
};

static void put_header(struct stream *stream, uint32_t type, size_t size)
{
    uint32_t words[2] = {htonl(type), htonl((uint32_t)size)};
    stream_put(stream, "\0REQ", 4);
    stream_put(stream, words, sizeof words);
}

static bool next(struct stream *stream, struct packet *packet)
{
    uint32_t words[2];
    if (stream_len(stream) < HEADER_LEN)
        return false;
    memcpy(words, stream_data(stream) + 4, sizeof words);
    packet->type = ntohl(words[0]);
    packet->size = ntohl(words[1]);
    packet->data = stream_data(stream) + HEADER_LEN;
    if (stream_len(stream) - HEADER_LEN < packet->size)
        return false;
    stream_consume(stream, HEADER_LEN + packet->size);
    return true;
}

static void greet(struct stream *streams)
{
    (void)streams;
}

static void submit(struct stream *streams, uint64_t number)
{
    put_header(streams, SUBMIT_JOB, sizeof function + 1 + payload_size());
    stream_put(streams, function, sizeof function);
    stream_put(streams, "", 1); /* no unique id */
    payload_put(streams, number);
}

static bool result(struct stream *streams, const char **data, size_t *size)
{
    struct packet packet;
    while (next(streams, &packet)) {
        if (packet.type == JOB_CREATED)
            continue;
        if (packet.type != WORK_COMPLETE)
            die("no result: packet %u", packet.type);
        size_t handle = strnlen(packet.data, packet.size) + 1;
        if (handle > packet.size)
            die("a result without a handle");
        *data = packet.data + handle;
        *size = packet.size - handle;
        return true;
    }
    return false;
}

static void offer(struct stream *stream)
{
    put_header(stream, CAN_DO, sizeof function - 1);
    stream_put(stream, function, sizeof function - 1);
    put_header(stream, GRAB_JOB, 0);
}

/* Handle, function, payload; the answer is handle, payload. */
static void answer(struct stream *stream, const struct packet *job)
{
    size_t handle = strnlen(job->data, job->size) + 1;
    size_t before = handle + sizeof function;
    if (before > job->size)
        die("a job of %zu bytes", job->size);
    put_header(stream, WORK_COMPLETE, job->size - sizeof function);
    stream_put(stream, job->data, handle);
    stream_put(stream, job->data + before, job->size - before);
    put_header(stream, GRAB_JOB, 0);
}

static void work(struct stream *stream)
{
    struct packet packet;
    while (next(stream, &packet)) {
        if (packet.type == JOB_ASSIGN)
            answer(stream, &packet);
        else if (packet.type == NO_JOB)
            put_header(stream, PRE_SLEEP, 0);
        else if (packet.type == NOOP)
            put_header(stream, GRAB_JOB, 0);
        else
            die("no job: packet %u", packet.type);
    }
}

const struct protocol protocol_gearman = {"gearman", 1, greet, submit, result, offer, work};
