/* nemesis_requests: wrong requests, too many requests, or a race with the end of a job. */
#include "nemesis.h"

#include <stdio.h>
#include <string.h>

enum {
    RACES = 20,
    PINGS = 2000,
    STORM_MIN = 20,
    STORM_MAX = 80,
    STORM_US = 100000,
    CROWD_OVER = 20, /* connections beyond client-max */
    CROWD_US = 200000,
    SILENT = 140, /* more than permitted without a hello */
};

static struct job_spec short_job(struct rng *rng)
{
    return (struct job_spec){.command = CMD_HASH,
                             .module = (uint8_t)rng_below(rng, MODULE_FRAIL),
                             .filler = (uint32_t)rng_below(rng, 100)};
}

static void race(struct nemesis *nemesis, struct client *client, bool kill)
{
    struct rng *rng = &nemesis->rng;
    for (int n = 0; n < RACES; n++) {
        struct job_spec spec = short_job(rng);
        if (rng_chance(rng, 500))
            spec.command = CMD_SLEEP;
        spec.a = rng_below(rng, 3);
        spec.kill = kill;
        spec.cancel = rng_chance(rng, 500) ? CANCEL_AT_ONCE : CANCEL_AT_STARTED;
        spec.notify_started = true;
        client_submit(client, &spec);
    }
}

static void cancel_waiting(struct nemesis *nemesis, struct client *client)
{
    uint32_t first = 0, last = 0;
    for (int n = 0; n < RACES; n++) {
        struct job_spec spec = short_job(&nemesis->rng);
        last = client_submit(client, &spec);
        first = n ? first : last;
    }
    for (uint32_t uid = last + 1; uid-- > first;)
        client_cancel(client, uid, false);
}

/* Time limits close to the jobs' ends. */
static void race_timeouts(struct nemesis *nemesis, struct client *client)
{
    for (int n = 0; n < RACES; n++) {
        struct job_spec spec = short_job(&nemesis->rng);
        spec.command = CMD_SLEEP;
        spec.a = rng_range(&nemesis->rng, 1, 10);
        spec.timeout_ms = (uint32_t)rng_range(&nemesis->rng, spec.a, spec.a + 1);
        client_submit(client, &spec);
    }
}

static void submit_wrong(struct nemesis *nemesis, struct client *client)
{
    for (int n = 0; n < RACES; n++) {
        struct job_spec spec = job_spec_common(&nemesis->rng);
        spec.wrong = rng_chance(&nemesis->rng, 500);
        if (spec.wrong)
            spec.cancel = CANCEL_NEVER;
        client_submit(client, &spec);
    }
}

static void submit_twins(struct nemesis *nemesis, struct client *client)
{
    for (int n = 0; n < RACES / 4; n++) {
        struct job_spec spec = short_job(&nemesis->rng);
        if (rng_chance(&nemesis->rng, 700))
            spec.command = CMD_SLEEP;
        spec.a = rng_below(&nemesis->rng, 20);
        uint32_t first = client_submit(client, &spec);
        client_submit_twin(client, &spec, first);
    }
}

static void flood_submits(struct nemesis *nemesis, struct client *client)
{
    for (uint32_t n = 2 * plan_sum(&nemesis->plan->layout).job_max + 100; n > 0; n--) {
        struct job_spec spec = short_job(&nemesis->rng);
        client_submit(client, &spec);
    }
}

static void flood_pings(struct nemesis *nemesis, struct client *client)
{
    for (int n = 0; n < PINGS; n++) {
        struct job_spec spec = short_job(&nemesis->rng);
        client_ping(client);
        if (n % 100 == 0)
            client_submit(client, &spec);
    }
}

static void write_too_much(struct nemesis *nemesis, struct client *client)
{
    char text[5000];
    int n;
    struct job_spec spec = short_job(&nemesis->rng);
    client_submit(client, &spec);
    memset(text, ' ', sizeof text);
    if (nemesis->kind == FAULT_HEADER_TOO_LONG) {
        text[0] = '{';
        n = (int)sizeof text;
    } else {
        n = snprintf(text, sizeof text,
                     "{\"op\":\"submit\",\"id\":\"x\",\"module\":\"torture\",\"size\":%d}\n",
                     PLAN_PAYLOAD_MAX + 1);
    }
    client_write_garbage(client, text, (size_t)n);
}

static void drop_guest(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    if (client)
        client_drop(client, later->count != 0);
}

/* Connections come and go, some without a word. */
static void storm(struct nemesis *nemesis)
{
    struct rng *rng = &nemesis->rng;
    for (uint64_t n = rng_range(rng, STORM_MIN, STORM_MAX); n > 0; n--) {
        struct client *client = crowd_guest(nemesis->crowd, rng_chance(rng, 500));
        if (!client)
            return;
        client->may_end = true;
        if (rng_chance(rng, 300))
            client_drop(client, rng_chance(rng, 500));
        else
            nemesis_later(nemesis, rng_below(rng, STORM_US), drop_guest, 0, client->number,
                          (uint32_t)rng_below(rng, 2));
    }
}

/* More connections without a hello than permitted: the server ends the longest silent ones, and
 * admits clients with a hello meanwhile. */
static void be_silent(struct nemesis *nemesis)
{
    for (int n = 0; n < SILENT; n++) {
        struct client *client = crowd_guest(nemesis->crowd, true);
        if (!client)
            return;
        client->may_end = true;
        nemesis_later(nemesis, rng_range(&nemesis->rng, CROWD_US / 2, CROWD_US), drop_guest, 0,
                      client->number, (uint32_t)rng_below(&nemesis->rng, 2));
    }
}

static void calm(struct nemesis *nemesis, const struct later *later)
{
    (void)later;
    nemesis->exclusive = false;
}

static void fill_up(struct nemesis *nemesis)
{
    uint32_t count = PLAN_CLIENT_MAX + CROWD_OVER - nemesis->crowd->env.open;
    for (; count > 0 && count <= PLAN_CLIENT_MAX + CROWD_OVER; count--) {
        struct client *client = crowd_guest(nemesis->crowd, false);
        if (!client)
            return;
        client->may_end = true;
        nemesis_later(nemesis, CROWD_US, drop_guest, 0, client->number, 0);
    }
    nemesis->exclusive = true;
    nemesis_later(nemesis, CROWD_US + STORM_US, calm, 0, 0, 0);
}

static void act(struct nemesis *nemesis, struct client *client)
{
    switch (nemesis->kind) {
    case FAULT_HEADER_TOO_LONG:
    case FAULT_PAYLOAD_TOO_LARGE:
        write_too_much(nemesis, client);
        return;
    case FAULT_WRONG_SUBMITS:
        submit_wrong(nemesis, client);
        break;
    case FAULT_DUPLICATE_ID:
        submit_twins(nemesis, client);
        break;
    case FAULT_SUBMIT_FLOOD:
        flood_submits(nemesis, client);
        break;
    case FAULT_PING_FLOOD:
        flood_pings(nemesis, client);
        break;
    case FAULT_CANCEL_RACE:
    case FAULT_KILL_RACE:
        race(nemesis, client, nemesis->kind == FAULT_KILL_RACE);
        break;
    case FAULT_CANCEL_WAITING:
        cancel_waiting(nemesis, client);
        break;
    default:
        race_timeouts(nemesis, client);
    }
    client->leave_when_idle = true;
}

void nemesis_requests_strike(struct nemesis *nemesis)
{
    struct client *client;
    if (nemesis->kind == FAULT_CONNECT_STORM)
        storm(nemesis);
    else if (nemesis->kind == FAULT_SILENT_CROWD)
        be_silent(nemesis);
    else if (nemesis->kind == FAULT_TOO_MANY_CLIENTS)
        fill_up(nemesis);
    else if ((client = crowd_guest(nemesis->crowd, false)))
        act(nemesis, client);
    else
        nemesis->missed++;
}
