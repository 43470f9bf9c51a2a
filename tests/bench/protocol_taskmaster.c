/* protocol_taskmaster: doc/protocol.md, for taskmasterd and taskqueued. The workers are
 * taskmasterd's own, with the module echo. */
#include "payload.h"
#include "protocol.h"
#include "taskmaster_event.h"

#include <inttypes.h>
#include <stdio.h>

enum { MODULES = 64 };

static void greet(struct stream *streams)
{
    stream_put_text(streams, "{\"op\":\"hello\",\"protocol\":1}\n");
}

static void submit_to(struct stream *streams, uint64_t number, const char *module)
{
    stream_put_text(streams,
                    "{\"op\":\"submit\",\"id\":%" PRIu64 ",\"module\":\"%s\",\"size\":%zu}\n",
                    number, module, payload_size());
    payload_put(streams, number);
}

static void submit(struct stream *streams, uint64_t number)
{
    submit_to(streams, number, "echo");
}

/* In turn to modules m000, m001, ...: copies of echo (modules.py). */
static void submit_in_turn(struct stream *streams, uint64_t number)
{
    char module[16];
    snprintf(module, sizeof module, "m%03u", (unsigned)(number % MODULES));
    submit_to(streams, number, module);
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

/* To the queue, whose answer comes once the job is kept. The module is paused, another than that of
 * the jobs that run meanwhile. */
static void keep(struct stream *stream, uint64_t number)
{
    stream_put_text(stream,
                    "{\"op\":\"submit\",\"id\":%" PRIu64
                    ",\"module\":\"wc\",\"detach\":true,\"size\":%zu}\n",
                    number, payload_size());
    payload_put(stream, number);
}

static size_t kept(struct stream *stream)
{
    struct taskmaster_event event;
    size_t count = 0;
    while (taskmaster_event_next(stream, &event)) {
        if (taskmaster_event_is(&event, "accepted"))
            count++;
        else if (!taskmaster_event_is(&event, "hello"))
            die("not kept: %.*s", (int)event.header_len, event.header);
    }
    return count;
}

const struct protocol protocol_taskmaster = {
    .name = "taskmaster", .streams = 1, .greet = greet, .submit = submit, .result = result};
const struct protocol protocol_taskmaster_64 = {.name = "taskmaster-64",
                                                .streams = 1,
                                                .greet = greet,
                                                .submit = submit_in_turn,
                                                .result = result};
const struct protocol protocol_taskqueued = {.name = "taskqueued",
                                             .streams = 1,
                                             .greet = greet,
                                             .submit = submit,
                                             .result = result,
                                             .keep = keep,
                                             .kept = kept};
