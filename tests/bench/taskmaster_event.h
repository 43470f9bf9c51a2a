/* taskmaster_event: taskmasterd's events, read as far as the benchmark needs (doc/protocol.md). */
#ifndef TASKMASTER_BENCH_TASKMASTER_EVENT_H
#define TASKMASTER_BENCH_TASKMASTER_EVENT_H

#include "stream.h"

struct taskmaster_event {
    const char *header;
    size_t header_len;
    const char *data; /* the payload */
    size_t size;
    uint64_t id; /* UINT64_MAX if there is none */
};

/* Takes the next event out of the input, if a whole one is there. */
bool taskmaster_event_next(struct stream *stream, struct taskmaster_event *event);

bool taskmaster_event_is(const struct taskmaster_event *event, const char *name);

#endif
