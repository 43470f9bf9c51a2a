/*
 * load: a client with a constant number of echo jobs in flight, for some time or for a number of
 * jobs. It checks that each job comes back exactly once, with its own payload.
 *
 *   bench-load PROTOCOL PORT IN_FLIGHT SIZE MS [JOBS [PID]]
 *
 * MS or JOBS 0: no such limit, but one of both is needed. PID is the broker's. Prints one line of
 * JSON.
 */
#include "payload.h"
#include "process.h"
#include "protocol.h"
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 20000 };

struct load {
    const struct protocol *protocol;
    struct stream streams[2];
    struct tally tally;
    uint64_t in_flight, jobs, end_ns;
};

static bool may_submit(const struct load *load)
{
    return (!load->jobs || load->tally.sent < load->jobs) &&
           (!load->end_ns || now_ns() < load->end_ns);
}

/* True while there are more jobs to submit. */
static bool submit(struct load *load)
{
    bool more = may_submit(load);
    while (more && tally_out(&load->tally) < load->in_flight) {
        load->protocol->submit(load->streams, tally_sent(&load->tally));
        more = !load->jobs || load->tally.sent < load->jobs;
    }
    return more || tally_out(&load->tally);
}

static void turn(struct load *load)
{
    if (!streams_turn(load->streams, load->protocol->streams, PATIENCE_MS))
        die("the connection ended, %" PRIu64 " jobs are out", tally_out(&load->tally));
}

static void harvest(struct load *load)
{
    const char *data;
    size_t size;
    while (load->protocol->result(load->streams, &data, &size))
        tally_done(&load->tally, payload_check(data, size));
}

/* Acknowledges the last result; otherwise the next client would get it again. */
static void finish(struct load *load)
{
    for (int i = 0; i < load->protocol->streams; i++) {
        while (stream_pending(&load->streams[i]))
            if (!stream_flush(&load->streams[i]))
                die("the connection ended");
        stream_close(&load->streams[i]);
    }
}

static void print_result(struct load *load, uint64_t elapsed_ns, uint64_t cpu_ns)
{
    double jobs = (double)load->tally.done;
    printf("{\"jobs\":%" PRIu64 ",\"seconds\":%.6f,\"jobs_per_s\":%.1f,\"bytes_per_s\":%.0f,"
           "\"p50_us\":%.2f,\"p99_us\":%.2f,\"cpu_us_per_job\":%.4f}\n",
           load->tally.done, (double)elapsed_ns / 1e9, jobs * 1e9 / (double)elapsed_ns,
           jobs * (double)payload_size() * 1e9 / (double)elapsed_ns,
           tally_percentile(&load->tally, 50), tally_percentile(&load->tally, 99),
           (double)cpu_ns / 1e3 / jobs);
}

static void parse(struct load *load, int argc, char **argv)
{
    if (argc < 6 || argc > 8)
        die("usage: bench-load PROTOCOL PORT IN_FLIGHT SIZE MS [JOBS [PID]]");
    load->protocol = protocol_find(argv[1]);
    load->in_flight = strtoull(argv[3], NULL, 10);
    payload_setup(strtoull(argv[4], NULL, 10));
    uint64_t ms = strtoull(argv[5], NULL, 10);
    load->end_ns = ms ? now_ns() + ms * 1000000 : 0;
    load->jobs = argc > 6 ? strtoull(argv[6], NULL, 10) : 0;
    if (!load->in_flight || (!load->end_ns && !load->jobs))
        die("no jobs in flight, or no limit");
}

int main(int argc, char **argv)
{
    struct load load = {0};
    parse(&load, argc, argv);
    pid_t broker = argc > 7 ? atoi(argv[7]) : 0;
    for (int i = 0; i < load.protocol->streams; i++)
        stream_connect(&load.streams[i], (uint16_t)atoi(argv[2]));
    load.protocol->greet(load.streams);
    uint64_t cpu_ns = broker ? process_cpu_ns(broker) : 0;
    uint64_t start_ns = now_ns();
    while (submit(&load)) {
        turn(&load);
        harvest(&load);
    }
    uint64_t elapsed_ns = now_ns() - start_ns;
    cpu_ns = broker ? process_cpu_ns(broker) - cpu_ns : 0;
    finish(&load);
    print_result(&load, elapsed_ns, cpu_ns);
    tally_free(&load.tally);
    return 0;
}
