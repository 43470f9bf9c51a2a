/* taskmaster_event: reads the parts of taskmasterd's events needed by the benchmark
 * (doc/protocol.md). */
#ifndef TASKMASTER_BENCH_TASKMASTER_EVENT_H
#define TASKMASTER_BENCH_TASKMASTER_EVENT_H

#include "stream.h"

struct taskmaster_event {
    const char *header;
    size_t header_len;
    const char *data; /* the payload */
    size_t size;
    uint64_t id; /* UINT64_MAX: none */
};

/* Takes the next event out of the input. False if no event is whole. */
bool taskmaster_event_next(struct stream *stream, struct taskmaster_event *event);

bool taskmaster_event_is(const struct taskmaster_event *event, const char *name);

#endif
