/* nemesis_clients: clients go, stop, stutter or talk nonsense. */
#include "nemesis.h"

#include "pattern.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SOME_JOBS = 12,
    LARGE_JOBS = 30, /* results of about payload-max: too much unread output, so jobs wait */
    LATE_JOBS = 8,   /* ... and less than that */
    SOON_US = 50000,
    LATE_US = 300000,
    SLOW_JOBS = 40,
    SMALL_BUFFER = 128 * 1024,
    SIPS = 40,             /* of a slow reader, together more than its results */
    PATIENCE_US = 8000000, /* for the server to close an unwanted client */
};

static void submit_some(struct nemesis *nemesis, struct client *client, uint64_t count, bool linked)
{
    for (; count > 0; count--) {
        struct job_spec spec = job_spec_common(&nemesis->rng);
        spec.link = spec.link || linked;
        if (linked) {
            spec.command = CMD_SLEEP;
            spec.a = rng_below(&nemesis->rng, 60);
        }
        client_submit(client, &spec);
    }
}

static void submit_large(struct nemesis *nemesis, struct client *client, unsigned count)
{
    for (; count > 0; count--) {
        struct job_spec spec = job_spec_of(CMD_BIG, &nemesis->rng, PLAN_PAYLOAD_MAX);
        client_submit(client, &spec);
    }
}

static void drop_victim(struct nemesis *nemesis, bool reset)
{
    struct client *client = crowd_victim(nemesis->crowd, &nemesis->rng);
    if (client)
        client_drop(client, reset);
    else
        nemesis->missed++;
}

static void half_close(struct nemesis *nemesis, struct client *client)
{
    submit_some(nemesis, client, SOME_JOBS, nemesis->kind == FAULT_LINK_HALF_CLOSE);
    client_half_close(client);
}

/* The client never reads again. Once much output is unread, its jobs wait, and in the end the
 * server closes the connection. */
static void stop_reading(struct nemesis *nemesis, struct client *client)
{
    client->may_end = true;
    submit_large(nemesis, client, LARGE_JOBS);
    connection_set_deaf(&client->connection, true);
    nemesis_later(nemesis, PATIENCE_US * nemesis->daemon->scale, nemesis_drop, 0, client->number,
                  1);
}

static void read_late(struct nemesis *nemesis, struct client *client)
{
    submit_large(nemesis, client, LATE_JOBS);
    connection_set_deaf(&client->connection, true);
    client->leave_when_idle = true;
    nemesis_later(nemesis, rng_range(&nemesis->rng, SOON_US, LATE_US), nemesis_read_again, 0,
                  client->number, 0);
}

/* The client gets all its results, however long this takes. */
static void sip(struct nemesis *nemesis, const struct later *later)
{
    static const struct sips sips = {256 * 1024, 2048 * 1024, 60000};
    nemesis_sip(nemesis, later, &sips);
}

/* So much output is unread that the client's jobs wait until its next read. */
static void read_slowly(struct nemesis *nemesis, struct client *client)
{
    client->slow = true;
    setsockopt(client->connection.watch.fd, SOL_SOCKET, SO_RCVBUF, &(int){SMALL_BUFFER},
               sizeof(int)); /* so that the output stays in the server */
    submit_large(nemesis, client, SLOW_JOBS);
    connection_set_deaf(&client->connection, true);
    client->leave_when_idle = true;
    nemesis_later(nemesis, rng_range(&nemesis->rng, LATE_US, 3 * LATE_US), sip, 0, client->number,
                  SIPS);
}

/* Half a submit, then an end in one of three ways. Without an end, the server reports too-slow. */
static void submit_half(struct nemesis *nemesis, struct client *client, bool in_payload, bool slow)
{
    struct rng *rng = &nemesis->rng;
    struct job_spec spec = job_spec_common(rng);
    spec.cancel = CANCEL_NEVER;
    submit_some(nemesis, client, rng_below(rng, SOME_JOBS), false);
    client_submit_part(client, &spec, in_payload, (unsigned)rng_below(rng, 1000));
    if (slow)
        client->fatal_asked = true;
    else if (rng_chance(rng, 500))
        client_half_close(client);
    else
        nemesis_later(nemesis, rng_below(rng, SOON_US), nemesis_drop, 0, client->number,
                      (uint32_t)rng_below(rng, 2));
}

static void trickle(struct nemesis *nemesis, struct client *client)
{
    client->connection.trickle = (size_t)rng_range(&nemesis->rng, 1, 20);
    for (int n = 0; n < 4; n++) {
        struct job_spec spec = {.command = CMD_HASH,
                                .filler = (uint32_t)rng_below(&nemesis->rng, 100)};
        client_submit(client, &spec);
    }
    client->leave_when_idle = true;
}

static size_t draw_garbage(struct rng *rng, char *text, size_t size)
{
    static const char *const texts[] = {
        "\n",
        "{\n",
        "[]\n",
        "null\n",
        "{\"op\":\"ping\",\"op\":\"ping\"}\n",
        "{\"op\":\"ping\"} x\n",
        "{\"op\":\"submit\",\"id\":1,\"size\":-1}\n",
        "{\"op\":\"submit\",\"id\":1,\"size\":1e1}\n",
        "{\"op\":\"ping\",\"id\":\"\\u0000\"}\n",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
        "\"a\":{"
        "\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    uint64_t which = rng_below(rng, 2 * sizeof texts / sizeof *texts);
    if (which < sizeof texts / sizeof *texts)
        return (size_t)snprintf(text, size, "%s", texts[which]);
    size_t len = (size_t)rng_range(rng, 1, size - 1);
    pattern_fill(text, len, rng_next(rng));
    text[0] = '\x80'; /* so that the noise is never a header by chance */
    text[len++] = '\n';
    return len;
}

static void talk_nonsense(struct nemesis *nemesis, struct client *client)
{
    char text[3000];
    size_t len = draw_garbage(&nemesis->rng, text, sizeof text);
    submit_some(nemesis, client, rng_below(&nemesis->rng, SOME_JOBS), false);
    client_write_garbage(client, text, len);
}

static void act(struct nemesis *nemesis, struct client *client)
{
    switch (nemesis->kind) {
    case FAULT_HALF_CLOSE:
    case FAULT_LINK_HALF_CLOSE:
        half_close(nemesis, client);
        break;
    case FAULT_STOP_READING:
        stop_reading(nemesis, client);
        break;
    case FAULT_READ_LATE:
        read_late(nemesis, client);
        break;
    case FAULT_READ_SLOWLY:
        read_slowly(nemesis, client);
        break;
    case FAULT_HALF_HEADER:
    case FAULT_HALF_PAYLOAD:
        submit_half(nemesis, client, nemesis->kind == FAULT_HALF_PAYLOAD, false);
        break;
    case FAULT_SLOW_HEADER:
    case FAULT_SLOW_PAYLOAD:
        submit_half(nemesis, client, nemesis->kind == FAULT_SLOW_PAYLOAD, true);
        break;
    case FAULT_SILENCE:
        client->fatal_asked = true;
        break;
    case FAULT_TRICKLE:
        trickle(nemesis, client);
        break;
    default:
        talk_nonsense(nemesis, client);
    }
}

void nemesis_clients_strike(struct nemesis *nemesis)
{
    struct client *client;
    if (nemesis->kind == FAULT_RESET || nemesis->kind == FAULT_CLOSE)
        drop_victim(nemesis, nemesis->kind == FAULT_RESET);
    else if ((client = crowd_guest(nemesis->crowd, nemesis->kind == FAULT_SILENCE)))
        act(nemesis, client);
    else
        nemesis->missed++;
}
