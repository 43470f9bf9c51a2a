/*
 * line: the cost of a long line of waiting jobs for taskmasterd. All workers sleep while the line
 * is filled and some of its jobs are cancelled and replaced. Then the workers wake, and the line
 * keeps its length while jobs are done.
 *
 *   bench-line PORT PID WORKERS DEPTH CANCELS JOBS
 *
 * DEPTH is CANCELS, or at least a hundred times as many, so that no job is cancelled twice. Prints
 * one line of JSON: memory for each waiting job, CPU and time of a cancel (its replacement
 * included), CPU of a job done. Each job must end exactly once, by its result or its cancel.
 */
#include "payload.h"
#include "process.h"
#include "protocol.h"
#include "tally.h"
#include "taskmaster_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATIENCE_MS = 60000,
    SIZE = 16,
    TURN_MAX = 4096, /* submits put at a time */
    CANCEL_BATCHES = 100,
};

#define SLEEPER UINT64_C(0x10000000000000) /* ids of the jobs that hold the workers begin here */

struct line {
    struct stream stream;
    struct tally jobs, cancels;
    uint64_t workers, depth, sleeping, pongs, failed;
    pid_t broker;
};

static void submit(struct line *line)
{
    protocol_taskmaster.submit(&line->stream, tally_sent(&line->jobs));
}

static void on_failed(struct line *line, const struct taskmaster_event *event)
{
    if (event->id >= SLEEPER) {
        line->sleeping--;
        return;
    }
    tally_done(&line->jobs, event->id);
    line->failed++;
}

static void on_event(struct line *line, const struct taskmaster_event *event)
{
    if (taskmaster_event_is(event, "done")) {
        if (payload_check(event->data, event->size) != event->id)
            die("another job's result: %.*s", (int)event->header_len, event->header);
        tally_done(&line->jobs, event->id);
    } else if (taskmaster_event_is(event, "failed")) {
        on_failed(line, event);
    } else if (taskmaster_event_is(event, "started")) {
        line->sleeping++;
    } else if (taskmaster_event_is(event, "pong")) {
        line->pongs++;
    } else if (!taskmaster_event_is(event, "hello") && !taskmaster_event_is(event, "ok")) {
        die("unexpected: %.*s", (int)event->header_len, event->header);
    }
}

static void turn(struct line *line)
{
    struct taskmaster_event event;
    if (!streams_turn(&line->stream, 1, PATIENCE_MS))
        die("the connection ended, %" PRIu64 " jobs are out", tally_out(&line->jobs));
    while (taskmaster_event_next(&line->stream, &event))
        on_event(line, &event);
}

/* Waits until the server has handled all requests so far. */
static void synchronise(struct line *line)
{
    uint64_t seen = line->pongs;
    stream_put_text(&line->stream, "{\"op\":\"ping\"}\n");
    while (line->pongs == seen)
        turn(line);
}

static void put_to_sleep(struct line *line)
{
    for (uint64_t i = 0; i < line->workers; i++)
        stream_put_text(&line->stream,
                        "{\"op\":\"submit\",\"id\":%" PRIu64 ",\"module\":\"sleep\","
                        "\"notify\":[\"started\"],\"size\":14}\n{\"ms\":3600000}",
                        SLEEPER + i);
    while (line->sleeping < line->workers)
        turn(line);
}

static void wake(struct line *line)
{
    for (uint64_t i = 0; i < line->workers; i++)
        stream_put_text(&line->stream, "{\"op\":\"cancel\",\"target\":%" PRIu64 "}\n", SLEEPER + i);
}

static void fill(struct line *line)
{
    while (tally_out(&line->jobs) < line->depth) {
        for (int i = 0; i < TURN_MAX && tally_out(&line->jobs) < line->depth; i++)
            submit(line);
        while (stream_pending(&line->stream))
            if (!stream_flush(&line->stream))
                die("the connection ended while the line was filled");
    }
    synchronise(line);
}

/* Cancels every `stride`-th job, and submits as many new ones. */
static void cancel(struct line *line, uint64_t first, uint64_t stride, uint64_t count)
{
    uint64_t goal = line->failed + count;
    for (uint64_t i = 0; i < count; i++)
        stream_put_text(&line->stream, "{\"op\":\"cancel\",\"target\":%" PRIu64 "}\n",
                        first + i * stride);
    while (line->failed < goal)
        turn(line);
    for (uint64_t i = 0; i < count; i++)
        submit(line);
}

/* Cancels all over the line: first one by one, for the time of each, then many at a time, for their
 * cost without wake-ups between them. Returns the CPU microseconds of one cancel, with its
 * replacement. */
static double cancel_all_over(struct line *line, uint64_t count)
{
    uint64_t first = line->jobs.sent - line->depth, stride = line->depth / count;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = tally_sent(&line->cancels);
        cancel(line, first + i * stride, 0, 1);
        tally_done(&line->cancels, number);
    }
    synchronise(line);
    uint64_t cpu_ns = process_cpu_ns(line->broker);
    for (int batch = 0; batch < CANCEL_BATCHES; batch++) {
        first += stride > 1 ? 1 : count; /* skips cancelled jobs */
        cancel(line, first, stride, count);
    }
    synchronise(line);
    cpu_ns = process_cpu_ns(line->broker) - cpu_ns;
    return (double)cpu_ns / 1e3 / (double)count / CANCEL_BATCHES;
}

/* Runs `count` jobs and keeps the line's length. */
static void run(struct line *line, uint64_t count)
{
    uint64_t goal = line->jobs.done + count;
    while (line->jobs.done < goal) {
        turn(line);
        while (tally_out(&line->jobs) < line->depth)
            submit(line);
    }
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
    uint64_t value = strtoull(text, NULL, 10);
    if (value < min || value > max)
        die("%s: expected %" PRIu64 " to %" PRIu64, text, min, max);
    return value;
}

int main(int argc, char **argv)
{
    struct line line = {0};
    if (argc != 7)
        die("usage: bench-line PORT PID WORKERS DEPTH CANCELS JOBS");
    stream_connect(&line.stream, (uint16_t)number(argv[1], 1, UINT16_MAX));
    line.broker = (pid_t)number(argv[2], 1, INT32_MAX);
    line.workers = number(argv[3], 1, 10000);
    line.depth = number(argv[4], 1, 10000000);
    uint64_t cancels = number(argv[5], 1, line.depth), jobs = number(argv[6], 1, 10000000);
    payload_setup(SIZE);
    protocol_taskmaster.greet(&line.stream);
    put_to_sleep(&line);

    uint64_t empty_rss = process_rss_bytes(line.broker), start_ns = now_ns();
    fill(&line);
    double fill_s = (double)(now_ns() - start_ns) / 1e9;
    uint64_t full_rss = process_rss_bytes(line.broker);
    double cancel_us = cancel_all_over(&line, cancels);

    wake(&line);
    while (line.sleeping)
        run(&line, 1);
    run(&line, jobs / 10);
    uint64_t cpu_ns = process_cpu_ns(line.broker);
    start_ns = now_ns();
    uint64_t done = line.jobs.done;
    run(&line, jobs);
    cpu_ns = process_cpu_ns(line.broker) - cpu_ns;
    double elapsed_s = (double)(now_ns() - start_ns) / 1e9,
           counted = (double)(line.jobs.done - done);
    while (tally_out(&line.jobs))
        turn(&line);
    stream_close(&line.stream);
    printf("{\"depth\":%" PRIu64 ",\"fill_per_s\":%.0f,\"bytes_per_job\":%.1f,"
           "\"cancel_cpu_us\":%.3f,\"cancel_p50_us\":%.1f,\"cpu_us_per_job\":%.4f,"
           "\"jobs_per_s\":%.0f}\n",
           line.depth, (double)line.depth / fill_s,
           ((double)full_rss - (double)empty_rss) / (double)line.depth - SIZE, cancel_us,
           tally_percentile(&line.cancels, 50), (double)cpu_ns / 1e3 / counted,
           counted / elapsed_s);
    tally_free(&line.jobs);
    tally_free(&line.cancels);
    return 0;
}
