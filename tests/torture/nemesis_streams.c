/* nemesis_streams: jobs with many parts, whose workers die, whose clients stop, stutter or go. */
#include "nemesis.h"

#include <sys/socket.h>

enum {
    STREAMS_MAX = 4,
    NEIGHBOURS_MAX = 6, /* common jobs beside them */
    AMID_US = 30000,
    SMALL_BUFFER = 128 * 1024, /* so that the parts stay in the server and the worker */
    SIPS = 60,
    STALL_US = 2 * PLAN_PART_STALL_MS * 1000,
    PAUSE_US = PLAN_PART_STALL_MS * 1000 / 2,
};

static void submit(struct nemesis *nemesis, struct client *client, enum command command)
{
    struct job_spec spec = job_spec_of(command, &nemesis->rng, PLAN_PAYLOAD_MAX);
    client_submit(client, &spec);
}

static void submit_neighbours(struct nemesis *nemesis, struct client *client)
{
    for (uint64_t n = rng_below(&nemesis->rng, NEIGHBOURS_MAX); n > 0; n--) {
        struct job_spec spec = job_spec_common(&nemesis->rng);
        client_submit(client, &spec);
    }
}

static void submit_streams(struct nemesis *nemesis, struct client *client, enum command command)
{
    for (uint64_t n = rng_range(&nemesis->rng, 1, STREAMS_MAX); n > 0; n--)
        submit(nemesis, client, command);
    submit_neighbours(nemesis, client);
}

/* Cancelled or killed: the client's next job but one behind `count`. */
static void stop_amid(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    if (client)
        client_cancel(client, later->count / 2, later->count % 2);
}

static void stop(struct nemesis *nemesis, struct client *client)
{
    struct rng *rng = &nemesis->rng;
    for (uint64_t n = rng_range(rng, 1, STREAMS_MAX); n > 0; n--) {
        struct job_spec spec = job_spec_of(CMD_STREAM, rng, PLAN_PAYLOAD_MAX);
        uint32_t uid = client_submit(client, &spec);
        nemesis_later(nemesis, rng_below(rng, AMID_US), stop_amid, 0, client->number,
                      uid * 2 + (uint32_t)rng_below(rng, 2));
    }
    if (rng_chance(rng, 500))
        connection_set_deaf(&client->connection, true);
}

static void sip(struct nemesis *nemesis, const struct later *later)
{
    static const struct sips sips = {64 * 1024, 1024 * 1024, 40000};
    nemesis_sip(nemesis, later, &sips);
}

static void set_small_buffer(struct client *client)
{
    setsockopt(client->connection.watch.fd, SOL_SOCKET, SO_RCVBUF, &(int){SMALL_BUFFER},
               sizeof(int));
}

static void read_slowly(struct nemesis *nemesis, struct client *client)
{
    client->slow = true;
    set_small_buffer(client);
    submit_streams(nemesis, client, CMD_STREAM);
    connection_set_deaf(&client->connection, true);
    nemesis_later(nemesis, AMID_US, sip, 0, client->number, SIPS);
}

static void stall(struct nemesis *nemesis, struct client *client, uint64_t for_us)
{
    client->slow = client->stalls = true;
    set_small_buffer(client);
    submit_streams(nemesis, client, CMD_STREAM);
    connection_set_deaf(&client->connection, true);
    nemesis_later(nemesis, for_us * nemesis->daemon->scale, nemesis_read_again, 0, client->number,
                  0);
}

static void act(struct nemesis *nemesis, struct client *client)
{
    struct rng *rng = &nemesis->rng;
    client->leave_when_idle = true;
    switch (nemesis->kind) {
    case FAULT_STREAM_DIE:
        submit_streams(nemesis, client, CMD_STREAM_DIE);
        break;
    case FAULT_STREAM_STOP:
        stop(nemesis, client);
        nemesis_later(nemesis, 2 * AMID_US, nemesis_read_again, 0, client->number, 0);
        break;
    case FAULT_STREAM_LEAVE:
        submit_streams(nemesis, client, CMD_STREAM);
        nemesis_later(nemesis, rng_below(rng, AMID_US), nemesis_drop, 0, client->number,
                      (uint32_t)rng_below(rng, 2));
        break;
    case FAULT_STREAM_SLOWLY:
        read_slowly(nemesis, client);
        break;
    case FAULT_STREAM_STALL:
        stall(nemesis, client, STALL_US);
        break;
    case FAULT_STREAM_PAUSE:
        stall(nemesis, client, PAUSE_US);
        break;
    default:
        submit_streams(nemesis, client, CMD_STREAM);
    }
}

void nemesis_streams_strike(struct nemesis *nemesis)
{
    struct client *client = crowd_guest(nemesis->crowd, false);
    if (client)
        act(nemesis, client);
    else
        nemesis->missed++;
}
