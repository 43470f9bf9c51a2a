/* nemesis_pace: later actions of a client, whatever its fault: it goes, reads on, or reads in sips.
 */
#include "nemesis.h"

void nemesis_drop(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    if (client)
        client_drop(client, later->count != 0);
}

void nemesis_read_again(struct nemesis *nemesis, const struct later *later)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    if (client)
        connection_set_deaf(&client->connection, false);
}

void nemesis_sip(struct nemesis *nemesis, const struct later *later, const struct sips *sips)
{
    struct client *client = crowd_find(nemesis->crowd, later->client);
    struct rng rng = rng_of(nemesis->plan->seed + later->client, later->count);
    if (!client)
        return;
    connection_sip(&client->connection, (size_t)rng_range(&rng, sips->min, sips->max));
    if (later->count)
        nemesis_later(nemesis, rng_below(&rng, sips->pause_us), later->act, 0, client->number,
                      later->count - 1);
    else
        connection_set_deaf(&client->connection, false);
}
