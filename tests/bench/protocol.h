/*
 * protocol: what a client and an echo worker say to each of the systems. One file for each system;
 * all else is the same for all of them.
 */
#ifndef TASKMASTER_BENCH_PROTOCOL_H
#define TASKMASTER_BENCH_PROTOCOL_H

#include "stream.h"

struct protocol {
    const char *name;
    int streams; /* connections that a client has: 1, or 2 where results come on one of their own */

    /* Client. `streams` are its connections. */
    void (*greet)(struct stream *streams);
    void (*submit)(struct stream *streams, uint64_t number);
    /* The next result that is whole: true, and where it lies. Ends the process if something else
     * came than a result. */
    bool (*result)(struct stream *streams, const char **data, size_t *size);

    /* Worker; NULL where the system has workers of its own. */
    void (*offer)(struct stream *stream);
    /* Answers all jobs that came in whole, each with its own payload. */
    void (*work)(struct stream *stream);
};

extern const struct protocol protocol_relay, protocol_taskmaster, protocol_gearman,
    protocol_beanstalk, protocol_redis;

/* Ends the process if there is none of that name. */
const struct protocol *protocol_find(const char *name);

#endif
