/*
 * protocol: the messages of a client and of an echo worker, one file for each system. All other
 * code is the same for all systems.
 */
#ifndef TASKMASTER_BENCH_PROTOCOL_H
#define TASKMASTER_BENCH_PROTOCOL_H

#include "stream.h"

struct protocol {
    const char *name;
    int streams; /* connections of a client: 1, or 2 if results have their own */

    /* Client. `streams` are its connections. */
    void (*greet)(struct stream *streams);
    void (*submit)(struct stream *streams, uint64_t number);
    /* Finds the next whole result in the input; false if there is none. Ends the process if the
     * input is no result. */
    bool (*result)(struct stream *streams, const char **data, size_t *size);

    /* Worker; NULL if the system has workers of its own. */
    void (*offer)(struct stream *stream);
    /* Answers all whole jobs in the input, each with its own payload. */
    void (*work)(struct stream *stream);

    /* A client that has jobs kept, and waits for no result; NULL if the system keeps none. Takes
     * the answers in the input, one for each job once it is kept, and returns their number. */
    void (*keep)(struct stream *stream, uint64_t number);
    size_t (*kept)(struct stream *stream);
};

extern const struct protocol protocol_relay, protocol_taskmaster, protocol_taskmaster_64,
    protocol_taskqueued, protocol_gearman, protocol_gearman_kept, protocol_beanstalk,
    protocol_redis;

/* Ends the process if the name is unknown. */
const struct protocol *protocol_find(const char *name);

#endif
