/* nemesis_jobs: modules misbehave. */
#include "nemesis.h"

#include <signal.h>

enum {
    ROW_MIN = 5,
    ROW_MAX = 15,
    LARGE_MAX = 4,
    SMALL_MAX = 6,
    REPORTERS_MAX = 4,
    TRIES = 40, /* of a module that has crashed */
    TRY_STEP_US = 100000,
};

static enum command command_of(enum fault_kind kind, struct rng *rng)
{
    switch (kind) {
    case FAULT_DIE_SENDING:
        return CMD_DIE_SENDING;
    case FAULT_EXIT:
        return rng_chance(rng, 500) ? CMD_EXIT : CMD_QUICK_EXIT;
    case FAULT_STOP_FLAG:
        return rng_chance(rng, 700) ? CMD_STOP_FAIL : CMD_STOP_DONE;
    case FAULT_LOOP:
        return CMD_LOOP;
    case FAULT_LOOP_TERM:
        return CMD_LOOP_TERM;
    case FAULT_OUTPUT_FLOOD:
        return CMD_FLOOD;
    case FAULT_TOO_LARGE:
        return CMD_TOO_LARGE;
    case FAULT_FAIL:
        return rng_chance(rng, 500) ? CMD_FAIL : CMD_FAIL_SILENT;
    case FAULT_CLOSE_FDS:
        return CMD_CLOSE_FDS;
    case FAULT_MASK:
        return CMD_MASK;
    case FAULT_FORK_HOLD:
        return CMD_FORK_HOLD;
    case FAULT_CONSTRUCTOR:
        return CMD_CONSTRUCTOR;
    case FAULT_REFUSED_MODULE:
        return CMD_REFUSED;
    case FAULT_INIT_REFUSES:
        return CMD_INIT_FAILS;
    case FAULT_INIT_REFUSES_SOME:
        return CMD_MOODY;
    case FAULT_NO_MODULE:
        return CMD_NO_MODULE;
    default:
        return CMD_SIGNAL;
    }
}

static void submit(struct nemesis *nemesis, struct client *client, enum command command)
{
    struct job_spec spec = job_spec_of(command, &nemesis->rng, PLAN_PAYLOAD_MAX);
    client_submit(client, &spec);
}

/* A later job crashes while results are still on their way to the master. */
static void crash_behind(struct nemesis *nemesis, struct client *client)
{
    struct rng *rng = &nemesis->rng;
    for (uint64_t n = rng_below(rng, LARGE_MAX); n > 0; n--)
        submit(nemesis, client, CMD_BIG);
    for (uint64_t n = rng_range(rng, 1, SMALL_MAX); n > 0; n--)
        submit(nemesis, client, rng_chance(rng, 800) ? CMD_HASH : CMD_FAIL);
    submit(nemesis, client, rng_chance(rng, 500) ? CMD_SIGNAL : CMD_CONSTRUCTOR);
}

/* The client has nothing but these jobs, and so gets all of their reports. */
static void report(struct nemesis *nemesis, struct client *client)
{
    bool die = nemesis->kind == FAULT_PROGRESS_DIE;
    client->light = true;
    for (uint64_t n = rng_range(&nemesis->rng, 1, REPORTERS_MAX); n > 0; n--)
        submit(nemesis, client, die ? CMD_PROGRESS_DIE : CMD_PROGRESS);
}

/* One more job of the frail module, which may have an open breaker. */
static void try_again(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    struct job_spec spec = {.command = CMD_HASH, .module = MODULE_FRAIL};
    if (!client || client->mute)
        return;
    client->leave_when_idle = later->count == 1;
    client_submit(client, &spec);
    if (later->count > 1)
        nemesis_later(nemesis, TRY_STEP_US, try_again, 0, later->client, later->count - 1);
}

/* Jobs of a module crash one after the other; then the module is well again. */
static void crash_loop(struct nemesis *nemesis, struct client *client)
{
    struct rng *rng = &nemesis->rng;
    for (uint64_t n = rng_range(rng, ROW_MIN, ROW_MAX); n > 0; n--) {
        struct job_spec spec = job_spec_of(CMD_SIGNAL, rng, PLAN_PAYLOAD_MAX);
        spec.module = MODULE_FRAIL;
        spec.a = SIGSEGV;
        client_submit(client, &spec);
    }
    client->leave_when_idle = false;
    nemesis_later(nemesis, TRY_STEP_US, try_again, 0, client->number, TRIES);
}

static bool comes_in_rows(enum fault_kind kind)
{
    return kind == FAULT_CRASH_ROW || kind == FAULT_INIT_REFUSES || kind == FAULT_INIT_REFUSES_SOME;
}

/* Submits the fault, and right behind it common jobs, which must not suffer. */
static void submit_row(struct nemesis *nemesis, struct client *client)
{
    struct rng *rng = &nemesis->rng;
    uint64_t row = comes_in_rows(nemesis->kind) ? rng_range(rng, ROW_MIN, ROW_MAX) : 1;
    for (; row > 0; row--) {
        submit(nemesis, client, command_of(nemesis->kind, rng));
        for (uint64_t n = rng_below(rng, 4); n > 0; n--) {
            struct job_spec common = job_spec_common(rng);
            client_submit(client, &common);
        }
    }
}

static void act(struct nemesis *nemesis, struct client *client)
{
    client->leave_when_idle = true;
    if (nemesis->kind == FAULT_INIT_REFUSES_SOME && rng_chance(&nemesis->rng, 500))
        daemon_signal(nemesis->daemon, SIGHUP); /* new workers: different ones refuse */
    if (nemesis->kind == FAULT_CRASH_LOOP)
        crash_loop(nemesis, client);
    else if (nemesis->kind == FAULT_CRASH_BEHIND)
        crash_behind(nemesis, client);
    else if (nemesis->kind == FAULT_PROGRESS || nemesis->kind == FAULT_PROGRESS_DIE)
        report(nemesis, client);
    else
        submit_row(nemesis, client);
}

void nemesis_jobs_strike(struct nemesis *nemesis)
{
    struct client *client = crowd_guest(nemesis->crowd, false);
    if (client)
        act(nemesis, client);
    else
        nemesis->missed++;
}
