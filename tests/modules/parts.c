/*
 * parts: sends N bytes in parts of S, or N empty parts, and replies with the number of parts. The
 * payload is "N S [HOW]":
 *
 *     heed    a refused part fails the job (default)
 *     deaf    ... and is overlooked
 *     exit    exits with status 7 behind the parts
 *     wait    waits for the stop flag behind the parts
 *     late    replies first, and sends the parts then
 *
 * A part of at least 8 bytes begins with its number from 0, in the machine's byte order; all other
 * bytes are a dot.
 */
#include <taskmaster/module.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct order {
    uint64_t bytes, size;
    char how[8];
};

static int send_parts(tm_job *job, const struct order *order, char *data)
{
    uint64_t left = order->bytes, seq = 0;

    do {
        uint64_t len = left < order->size ? left : order->size;
        if (len >= sizeof(seq))
            memcpy(data, &seq, sizeof(seq));
        if (tm_part(job, data, len) < 0 && strcmp(order->how, "deaf") != 0)
            return tm_fail(job, "refused", "part %" PRIu64 " was refused", seq);
        left -= len > 0 || left == 0 ? len : 1;
        seq++;
    } while (left > 0);
    return 0;
}

static void wait_for_stop(const tm_job *job)
{
    while (!tm_should_stop(job))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int reply(tm_job *job, const struct order *order)
{
    char text[32];
    uint64_t size = order->size > 0 ? order->size : 1;
    int len = snprintf(text, sizeof(text), "%" PRIu64, (order->bytes + size - 1) / size);

    return tm_reply(job, text, (size_t)len);
}

static int run(tm_job *job)
{
    struct order order = {.bytes = 0};
    int given = sscanf(tm_job_data(job, NULL), "%" SCNu64 " %" SCNu64 " %7s", &order.bytes,
                       &order.size, order.how);
    char *data = given < 2 ? NULL : malloc(order.size + 1);

    if (data == NULL)
        return tm_fail(job, "bad-input", "expected N S [HOW]");
    memset(data, '.', order.size);
    if (strcmp(order.how, "late") == 0)
        reply(job, &order);
    int result = send_parts(job, &order, data);
    free(data);
    if (strcmp(order.how, "exit") == 0)
        _exit(7);
    if (strcmp(order.how, "wait") == 0)
        wait_for_stop(job);
    return result < 0 || strcmp(order.how, "late") == 0 ? result : reply(job, &order);
}

TM_MODULE(.name = "parts", .version = "1.0", .run = run);
