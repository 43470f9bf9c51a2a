/* nemesis_live: owners of services, monitors of workers, watchers, and clients that look at
 * everything. */
#include "nemesis.h"

enum {
    STAY_MIN_US = 60000,
    STAY_MAX_US = 3000000,
    FIGHT_STEP_US = 20000,
    FIGHTS = 20,
    DEAF_US = 400000,
    SELECT_AFTER_US = 50000, /* jobs of the paused pool wait by then */
    SELECT_PAUSE_US = 450000,
    SELECTED = 20,
    LOOKS = 50, /* less than 64: see live.h */
};

/* The ways of an owner's end. */
enum { LEAVE_BY_UNREGISTER, LEAVE_BY_CLOSE, LEAVE_BY_RESET, LEAVE_BY_HALF_CLOSE, LEAVE_WAYS };

static void register_some(struct nemesis *nemesis, struct client *client)
{
    for (unsigned service = 0; service < SERVICES; service++)
        if (rng_chance(&nemesis->rng, 600))
            live_register(client, service);
}

static void leave(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    if (!client)
        return;
    if (later->count == LEAVE_BY_CLOSE || later->count == LEAVE_BY_RESET) {
        client_drop(client, later->count == LEAVE_BY_RESET);
        return;
    }
    for (unsigned service = 0; service < SERVICES && later->count == LEAVE_BY_UNREGISTER; service++)
        live_unregister(client, service);
    client->leave_when_idle = true;
    if (later->count == LEAVE_BY_HALF_CLOSE && !client->mute)
        client_half_close(client);
    else
        client_look(client);
}

/* A deaf client would not see its last answers. */
static void leave_later(struct nemesis *nemesis, struct client *client)
{
    struct rng *rng = &nemesis->rng;
    bool deaf = nemesis->kind == FAULT_SERVICE_DEAF || nemesis->kind == FAULT_WATCH_DEAF;
    uint64_t stay_us = rng_range(rng, STAY_MIN_US, STAY_MAX_US) + (deaf ? 2 * DEAF_US : 0);
    nemesis_later(nemesis, stay_us, leave, 0, client->number, (uint32_t)rng_below(rng, LEAVE_WAYS));
}

/* Names change hands: a step takes what is free, and gives away what it has. */
static void fight(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    struct rng rng = rng_of(nemesis->plan->seed + later->client, later->count);
    if (!client || client->mute)
        return;
    for (unsigned service = 0; service < SERVICES; service++)
        if (rng_chance(&rng, 500))
            live_unregister(client, service);
        else
            live_register(client, service);
    if (later->count)
        nemesis_later(nemesis, rng_below(&rng, FIGHT_STEP_US), fight, 0, client->number,
                      later->count - 1);
    else
        leave_later(nemesis, client);
}

static void go_deaf(struct nemesis *nemesis, struct client *client)
{
    client->slow = true;
    connection_set_deaf(&client->connection, true);
    nemesis_later(nemesis, DEAF_US, nemesis_read_again, 0, client->number, 0);
}

static void look(struct nemesis *nemesis, struct client *client)
{
    for (unsigned n = 0; n < LOOKS; n++)
        live_ask(client, rng_next(&nemesis->rng));
}

static void select_module(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    if (client)
        live_select(client, (enum module)later->count);
}

/* Jobs to be cancelled with those of others. */
static void submit_first(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    struct job_spec spec = {.command = CMD_HASH, .filler = 32, .notify_accepted = true};
    spec.module = (uint8_t)later->count;
    for (unsigned n = 0; n < SELECTED && client && !client->mute; n++)
        client_submit(client, &spec);
}

/* Their pool is paused meanwhile, so that most of them wait, and a missed one begins later. */
static void cancel_many(struct nemesis *nemesis, struct client *client)
{
    enum module module = (enum module)rng_below(&nemesis->rng, MODULE_FRAIL);
    nemesis_pause(nemesis, nemesis->plan->layout.pool_of[module], SELECT_PAUSE_US);
    nemesis_later(nemesis, SELECT_AFTER_US / 2, submit_first, 0, client->number, (uint32_t)module);
    nemesis_later(nemesis, SELECT_AFTER_US, select_module, 0, client->number, (uint32_t)module);
}

static void act(struct nemesis *nemesis, struct client *client)
{
    switch (nemesis->kind) {
    case FAULT_SERVICE_FIGHT:
        nemesis_later(nemesis, 0, fight, 0, client->number, FIGHTS);
        return;
    case FAULT_MONITOR_WORKERS:
        live_monitor_workers(client);
        break;
    case FAULT_LOOK:
        look(nemesis, client);
        break;
    case FAULT_SELECT:
        cancel_many(nemesis, client);
        break;
    case FAULT_WATCH:
    case FAULT_WATCH_DEAF:
        live_watch(client);
        break;
    default:
        register_some(nemesis, client);
    }
    leave_later(nemesis, client);
    if (nemesis->kind == FAULT_SERVICE_DEAF || nemesis->kind == FAULT_WATCH_DEAF)
        go_deaf(nemesis, client);
}

void nemesis_live_strike(struct nemesis *nemesis)
{
    struct client *client = crowd_guest(nemesis->crowd, false);
    if (client)
        act(nemesis, client);
    else
        nemesis->missed++;
    if (client && nemesis->kind == FAULT_SERVICE_FIGHT &&
        (client = crowd_guest(nemesis->crowd, false)))
        act(nemesis, client);
}
