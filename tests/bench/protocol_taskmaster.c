/* protocol_taskmaster: doc/protocol.md. The workers are taskmasterd's own, with the module echo. */
#include "payload.h"
#include "protocol.h"
#include "taskmaster_event.h"

#include <inttypes.h>

static void greet(struct stream *streams)
{
    stream_put_text(streams, "{\"op\":\"hello\",\"protocol\":1}\n");
}

static void submit(struct stream *streams, uint64_t number)
{
    stream_put_text(streams,
                    "{\"op\":\"submit\",\"id\":%" PRIu64 ",\"module\":\"echo\",\"size\":%zu}\n",
                    number, payload_size());
    payload_put(streams, number);
}

static bool result(struct stream *streams, const char **data, size_t *size)
{
    struct taskmaster_event event;
    while (taskmaster_event_next(streams, &event)) {
        if (taskmaster_event_is(&event, "hello"))
            continue;
        if (!taskmaster_event_is(&event, "done"))
            die("no result: %.*s", (int)event.header_len, event.header);
        if (payload_check(event.data, event.size) != event.id)
            die("another job's result: %.*s", (int)event.header_len, event.header);
        *data = event.data;
        *size = event.size;
        return true;
    }
    return false;
}

const struct protocol protocol_taskmaster = {"taskmaster", 1, greet, submit, result, NULL, NULL};
