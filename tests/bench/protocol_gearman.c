/*
 * protocol_gearman: gearmand's binary protocol, jobs in the foreground.
 *
 * protocol_gearman_kept: jobs in the background, because gearmand keeps no others. They have no
 * results, so jobs of a second function carry them back, and the client is their worker.
 */
#include "payload.h"
#include "protocol.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    SUBMIT_JOB_BG = 18,
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

const struct protocol protocol_gearman = {.name = "gearman",
                                          .streams = 1,
                                          .greet = greet,
                                          .submit = submit,
                                          .result = result,
                                          .offer = offer,
                                          .work = work};

/* --- kept jobs --- */

static const char jobs[] = "jobs", results[] = "results"; /* functions */

static void put_offer(struct stream *stream, const char *name)
{
    put_header(stream, CAN_DO, strlen(name));
    stream_put_text(stream, "%s", name);
    put_header(stream, GRAB_JOB, 0);
}

/* Up to its payload. A kept job needs a unique id: the table's key. */
static void put_background(struct stream *stream, const char *name, size_t size)
{
    static uint64_t count;
    char unique[48];
    int len = snprintf(unique, sizeof unique, "%d-%" PRIu64, (int)getpid(), count++);
    put_header(stream, SUBMIT_JOB_BG, strlen(name) + 1 + (size_t)len + 1 + size);
    stream_put(stream, name, strlen(name) + 1);
    stream_put(stream, unique, (size_t)len + 1);
}

static void greet_kept(struct stream *streams)
{
    put_offer(&streams[1], results);
}

static void keep(struct stream *stream, uint64_t number)
{
    put_background(stream, jobs, payload_size());
    payload_put(stream, number);
}

static size_t kept(struct stream *stream)
{
    struct packet packet;
    size_t count = 0;
    for (; next(stream, &packet); count++)
        if (packet.type != JOB_CREATED)
            die("not kept: packet %u", packet.type);
    return count;
}

/* The next whole job of `name` in the input: its handle, with the NUL, and its payload. */
static bool next_job(struct stream *stream, const char *name, struct packet *handle,
                     struct packet *payload)
{
    struct packet packet;
    while (next(stream, &packet)) {
        if (packet.type == NO_JOB)
            put_header(stream, PRE_SLEEP, 0);
        else if (packet.type == NOOP)
            put_header(stream, GRAB_JOB, 0);
        if (packet.type != JOB_ASSIGN)
            continue;
        handle->data = packet.data;
        handle->size = strnlen(packet.data, packet.size) + 1;
        size_t before = handle->size + strlen(name) + 1;
        if (before > packet.size)
            die("a job of %zu bytes", packet.size);
        payload->data = packet.data + before;
        payload->size = packet.size - before;
        return true;
    }
    return false;
}

static void put_complete(struct stream *stream, const struct packet *handle)
{
    put_header(stream, WORK_COMPLETE, handle->size);
    stream_put(stream, handle->data, handle->size);
    put_header(stream, GRAB_JOB, 0);
}

static bool result_kept(struct stream *streams, const char **data, size_t *size)
{
    struct packet handle, payload;
    kept(&streams[0]);
    if (!next_job(&streams[1], results, &handle, &payload))
        return false;
    put_complete(&streams[1], &handle);
    *data = payload.data;
    *size = payload.size;
    return true;
}

static void offer_kept(struct stream *stream)
{
    put_offer(stream, jobs);
}

static void work_kept(struct stream *stream)
{
    struct packet handle, payload;
    while (next_job(stream, jobs, &handle, &payload)) {
        put_background(stream, results, payload.size);
        stream_put(stream, payload.data, payload.size);
        put_complete(stream, &handle);
    }
}

const struct protocol protocol_gearman_kept = {.name = "gearman-kept",
                                               .streams = 2,
                                               .greet = greet_kept,
                                               .submit = keep,
                                               .result = result_kept,
                                               .offer = offer_kept,
                                               .work = work_kept,
                                               .keep = keep,
                                               .kept = kept};
