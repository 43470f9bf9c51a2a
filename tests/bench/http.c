/*
 * http: clients of taskmaster-http: each connection has one POST of an echo job in flight. Checks
 * that each job comes back once, and whole.
 *
 *   bench-http PORT CONNECTIONS SIZE MS [PID]
 *
 * PID is the gateway's. Prints one line of JSON.
 */
#include "payload.h"
#include "process.h"
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

static struct {
    struct stream *streams;
    int count;
    struct tally tally;
    uint64_t end_ns;
} load;

static void submit(struct stream *stream)
{
    stream_put_text(stream,
                    "POST /v1/jobs?module=echo HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    "Content-Length: %zu\r\n\r\n",
                    payload_size());
    payload_put(stream, tally_sent(&load.tally));
}

/* The head of a whole response in the input: its length, and the body's; 0 if it is not whole. */
static size_t read_head(const struct stream *stream, size_t *body)
{
    static const char key[] = "Content-Length: ";
    size_t len = stream_len(stream);
    const char *data = stream_data(stream);
    const char *end = len ? memmem(data, len, "\r\n\r\n", 4) : NULL;
    if (!end)
        return 0;
    const char *length = memmem(data, (size_t)(end - data), key, sizeof key - 1);
    if (strncmp(data, "HTTP/1.1 200 ", 13) != 0 || !length)
        die("found %.*s", (int)(end - data), data);
    *body = strtoull(length + sizeof key - 1, NULL, 10);
    return (size_t)(end - data) + 4;
}

static void harvest(struct stream *stream)
{
    size_t body, head = read_head(stream, &body);
    if (!head || stream_len(stream) < head + body)
        return;
    tally_done(&load.tally, payload_check(stream_data(stream) + head, body));
    stream_consume(stream, head + body);
    if (now_ns() < load.end_ns)
        submit(stream);
}

static void run(void)
{
    for (int i = 0; i < load.count; i++)
        submit(&load.streams[i]);
    while (tally_out(&load.tally)) {
        if (!streams_turn(load.streams, load.count, PATIENCE_MS))
            die("a connection ended, %" PRIu64 " jobs are out", tally_out(&load.tally));
        for (int i = 0; i < load.count; i++)
            harvest(&load.streams[i]);
    }
}

static void print_result(uint64_t elapsed_ns, uint64_t cpu_ns)
{
    double jobs = (double)load.tally.done;
    printf("{\"jobs\":%" PRIu64 ",\"seconds\":%.6f,\"jobs_per_s\":%.1f,\"p50_us\":%.2f,"
           "\"p99_us\":%.2f,\"cpu_us_per_job\":%.4f}\n",
           load.tally.done, (double)elapsed_ns / 1e9, jobs * 1e9 / (double)elapsed_ns,
           tally_percentile(&load.tally, 50), tally_percentile(&load.tally, 99),
           (double)cpu_ns / 1e3 / jobs);
}

static void connect_all(uint16_t port)
{
    load.streams = calloc((size_t)load.count, sizeof *load.streams);
    for (int i = 0; load.streams && i < load.count; i++)
        stream_connect(&load.streams[i], port);
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 6)
        die("usage: bench-http PORT CONNECTIONS SIZE MS [PID]");
    pid_t gateway = argc > 5 ? atoi(argv[5]) : 0;
    load.count = atoi(argv[2]);
    payload_setup(strtoull(argv[3], NULL, 10));
    connect_all((uint16_t)atoi(argv[1]));
    uint64_t cpu_ns = gateway ? process_cpu_ns(gateway) : 0, start_ns = now_ns();
    load.end_ns = start_ns + strtoull(argv[4], NULL, 10) * 1000000;
    run();
    uint64_t elapsed_ns = now_ns() - start_ns;
    print_result(elapsed_ns, gateway ? process_cpu_ns(gateway) - cpu_ns : 0);
    for (int i = 0; i < load.count; i++)
        stream_close(&load.streams[i]);
    free(load.streams);
    tally_free(&load.tally);
    return 0;
}
