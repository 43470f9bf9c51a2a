/* crowd: see crowd.h. */
#include "crowd.h"

#include <string.h>

enum {
    OUT_MAX = 256 * 1024, /* with more unwritten bytes, a client submits nothing */
    RETRY_US = 2000,
    HUNGRY_US = 3000,
};

static void fill(struct crowd *crowd, struct client *client)
{
    while (crowd->working && !crowd->paused && crowd->env.up && client->regular && client->quota &&
           client->open_jobs < client->window && client->connection.out_len < OUT_MAX) {
        struct job_spec spec = job_spec_common(&client->rng);
        if (!crowd->plan->client_job_max) /* a detached job counts for its client to the end */
            job_spec_part(&spec, &client->rng);
        client->quota--;
        client_submit(client, &spec);
    }
    if (!client->regular || client->quota || client->leave_when_idle)
        return;
    client->leave_when_idle = true;
    if (rng_chance(&client->rng, 500))
        client_half_close(client);
}

/* A refused client waits a little before the next try. */
static void on_told(void *arg, struct client *client, enum event_type how)
{
    struct crowd *crowd = arg;
    if (how != EV_OVERLOAD)
        fill(crowd, client);
    else if (!crowd->hungry.at_us)
        loop_set(crowd->env.loop, &crowd->hungry, HUNGRY_US);
}

static void on_hungry(void *arg)
{
    struct client *client;
    struct crowd *crowd = arg;
    TAILQ_FOREACH (client, &crowd->clients, link)
        fill(crowd, client);
}

static void come(struct crowd *crowd)
{
    struct client *client = client_new(&crowd->env, false);
    if (!client) {
        loop_set(crowd->env.loop, &crowd->retry, RETRY_US);
        return;
    }
    client->rng = plan_client(crowd->plan, crowd->next_stream++);
    client->window = plan_window(crowd->plan, &client->rng);
    client->quota = (uint32_t)rng_range(&client->rng, 1, 3000);
    client->regular = true;
    crowd->regular++;
    TAILQ_INSERT_TAIL(&crowd->clients, client, link);
    if (rng_chance(&client->rng, 300))
        live_register(client, (unsigned)rng_below(&client->rng, SERVICES));
    fill(crowd, client);
}

static void on_retry(void *arg)
{
    struct crowd *crowd = arg;
    for (size_t n = crowd->plan->clients; n > 0; n--)
        if (crowd->working && crowd->env.up && crowd->regular < crowd->plan->clients)
            come(crowd);
}

static void on_ended(void *arg, struct client *client)
{
    struct crowd *crowd = arg;
    TAILQ_REMOVE(&crowd->clients, client, link);
    TAILQ_INSERT_TAIL(&crowd->dead, client, link);
    if (client->regular)
        crowd->regular--;
    else
        crowd->guests--;
    if (client->regular && crowd->working && !crowd->retry.at_us)
        loop_set(crowd->env.loop, &crowd->retry, RETRY_US);
}

void crowd_init(struct crowd *crowd, struct loop *loop, struct history *history,
                const struct plan *plan)
{
    *crowd = (struct crowd){.plan = plan};
    crowd->env = (struct client_env){
        .loop = loop, .history = history, .arg = crowd, .told = on_told, .ended = on_ended};
    crowd->hungry = (struct loop_timer){.fire = on_hungry, .arg = crowd};
    crowd->retry = (struct loop_timer){.fire = on_retry, .arg = crowd};
    TAILQ_INIT(&crowd->clients);
    TAILQ_INIT(&crowd->dead);
}

void crowd_free(struct crowd *crowd)
{
    crowd_drop_all(crowd);
    crowd_sweep(crowd);
    loop_clear(&crowd->retry);
    loop_clear(&crowd->hungry);
}

void crowd_open(struct crowd *crowd, const struct sockaddr_in *addr, const char *boot)
{
    crowd->env.addr = *addr;
    memcpy(crowd->env.boot, boot, sizeof crowd->env.boot);
    crowd->env.up = true;
    crowd->working = true;
    crowd->paused = false;
    on_retry(crowd);
}

void crowd_epoch_over(struct crowd *crowd)
{
    crowd->env.up = false;
    crowd->working = false;
}

void crowd_finish(struct crowd *crowd)
{
    struct client *client, *next;
    crowd->working = false;
    for (client = TAILQ_FIRST(&crowd->clients); client; client = next) {
        next = TAILQ_NEXT(client, link);
        client->leave_when_idle = true;
        client_look(client);
    }
}

void crowd_drop_all(struct crowd *crowd)
{
    struct client *client;
    crowd->working = false;
    while ((client = TAILQ_FIRST(&crowd->clients)))
        client_drop(client, true);
}

void crowd_pause(struct crowd *crowd, bool pause)
{
    crowd->paused = pause;
    if (!pause)
        on_hungry(crowd);
}

void crowd_drop_deaf(struct crowd *crowd)
{
    struct client *client, *next;
    for (client = TAILQ_FIRST(&crowd->clients); client; client = next) {
        next = TAILQ_NEXT(client, link);
        if (client->connection.deaf)
            client_drop(client, true);
    }
}

struct client *crowd_guest(struct crowd *crowd, bool silent)
{
    struct client *client = crowd->env.up ? client_new(&crowd->env, silent) : NULL;
    if (!client)
        return NULL;
    crowd->guests++;
    TAILQ_INSERT_TAIL(&crowd->clients, client, link);
    return client;
}

struct client *crowd_find(struct crowd *crowd, uint32_t number)
{
    struct client *client;
    TAILQ_FOREACH (client, &crowd->clients, link)
        if (client->number == number)
            return client;
    return NULL;
}

struct client *crowd_victim(struct crowd *crowd, struct rng *rng)
{
    struct client *client, *found = NULL;
    uint64_t seen = 0;
    TAILQ_FOREACH (client, &crowd->clients, link)
        if (client->regular && (client->open_jobs || !found) && rng_below(rng, ++seen) == 0)
            found = client;
    return found;
}

void crowd_sweep(struct crowd *crowd)
{
    struct client *client;
    while ((client = TAILQ_FIRST(&crowd->dead))) {
        TAILQ_REMOVE(&crowd->dead, client, link);
        client_free(client);
    }
}
