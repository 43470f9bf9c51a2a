/* protocol_relay: the bare relay's (relay.c). */
#include "payload.h"
#include "protocol.h"
#include "relay_frame.h"

#include <string.h>

static void greet(struct stream *streams)
{
    (void)streams;
}

static void submit(struct stream *streams, uint64_t number)
{
    stream_put(streams, &(struct relay_frame){.size = payload_size()}, sizeof(struct relay_frame));
    payload_put(streams, number);
}

/* Length of the first message of the input; 0 if it is not whole. */
static size_t message_len(const struct stream *stream)
{
    struct relay_frame frame;
    if (stream_len(stream) < sizeof frame)
        return 0;
    memcpy(&frame, stream_data(stream), sizeof frame);
    return stream_len(stream) - sizeof frame < frame.size ? 0 : sizeof frame + frame.size;
}

static bool result(struct stream *streams, const char **data, size_t *size)
{
    size_t len = message_len(streams);
    if (!len)
        return false;
    *data = stream_data(streams) + sizeof(struct relay_frame);
    *size = len - sizeof(struct relay_frame);
    stream_consume(streams, len);
    return true;
}

static void offer(struct stream *stream)
{
    (void)stream;
}

static void work(struct stream *stream)
{
    for (size_t len; (len = message_len(stream));) {
        stream_put(stream, stream_data(stream), len);
        stream_consume(stream, len);
    }
}

const struct protocol protocol_relay = {.name = "relay",
                                        .streams = 1,
                                        .greet = greet,
                                        .submit = submit,
                                        .result = result,
                                        .offer = offer,
                                        .work = work};
