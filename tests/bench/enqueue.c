/*
 * enqueue: a client that has jobs kept, with a constant number of unanswered ones. It waits for no
 * result.
 *
 *   bench-enqueue PROTOCOL PORT IN_FLIGHT SIZE MS [JOBS [PID]]
 *
 * MS or JOBS 0: no such limit, but one of both is needed. PID is the broker's. Prints one line of
 * JSON.
 */
#include "payload.h"
#include "process.h"
#include "protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 20000 };

struct enqueue {
    const struct protocol *protocol;
    struct stream streams[2];
    uint64_t in_flight, jobs, end_ns;
    uint64_t sent, kept;
};

/* True while there are more jobs to have kept, or answers to come. */
static bool submit(struct enqueue *enqueue)
{
    bool more = !enqueue->end_ns || now_ns() < enqueue->end_ns;
    while (more && enqueue->sent - enqueue->kept < enqueue->in_flight) {
        if (enqueue->jobs && enqueue->sent == enqueue->jobs)
            break;
        enqueue->protocol->keep(enqueue->streams, enqueue->sent++);
    }
    return enqueue->kept < enqueue->sent;
}

static void turn(struct enqueue *enqueue)
{
    if (!streams_turn(enqueue->streams, 1, PATIENCE_MS))
        die("the connection ended, %" PRIu64 " jobs have no answer", enqueue->sent - enqueue->kept);
    enqueue->kept += enqueue->protocol->kept(enqueue->streams);
}

static void parse(struct enqueue *enqueue, int argc, char **argv)
{
    if (argc < 6 || argc > 8)
        die("usage: bench-enqueue PROTOCOL PORT IN_FLIGHT SIZE MS [JOBS [PID]]");
    enqueue->protocol = protocol_find(argv[1]);
    if (!enqueue->protocol->keep)
        die("%s keeps no jobs", enqueue->protocol->name);
    enqueue->in_flight = strtoull(argv[3], NULL, 10);
    payload_setup(strtoull(argv[4], NULL, 10));
    uint64_t ms = strtoull(argv[5], NULL, 10);
    enqueue->end_ns = ms ? now_ns() + ms * 1000000 : 0;
    enqueue->jobs = argc > 6 ? strtoull(argv[6], NULL, 10) : 0;
    if (!enqueue->in_flight || (!enqueue->end_ns && !enqueue->jobs))
        die("no jobs in flight, or no limit");
}

int main(int argc, char **argv)
{
    struct enqueue enqueue = {0};
    parse(&enqueue, argc, argv);
    pid_t broker = argc > 7 ? atoi(argv[7]) : 0;
    stream_connect(&enqueue.streams[0], (uint16_t)atoi(argv[2]));
    enqueue.protocol->greet(enqueue.streams); /* the second one is for results, and not connected */
    uint64_t cpu_ns = broker ? process_cpu_ns(broker) : 0;
    uint64_t start_ns = now_ns();
    while (submit(&enqueue))
        turn(&enqueue);
    uint64_t elapsed_ns = now_ns() - start_ns;
    cpu_ns = broker ? process_cpu_ns(broker) - cpu_ns : 0;
    stream_close(&enqueue.streams[0]);
    double jobs = (double)enqueue.kept;
    printf("{\"jobs\":%" PRIu64 ",\"seconds\":%.6f,\"jobs_per_s\":%.1f,\"cpu_us_per_job\":%.4f}\n",
           enqueue.kept, (double)elapsed_ns / 1e9, jobs * 1e9 / (double)elapsed_ns,
           (double)cpu_ns / 1e3 / jobs);
    return 0;
}
