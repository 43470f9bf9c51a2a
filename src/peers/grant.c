/* grant: what the token of a peer grants. It is looked up again when the settings have changed. */
#include "peers/peers_internal.h"

__attribute__((noinline)) /* a grant is asked for with each request, and seldom looked up */
static const struct grant *
look_up(struct peer *peer)
{
    static const struct grant nothing;
    const struct peers *peers = peer->peers;
    peer->grant = token_set_find_digest(&peers->access->tokens, peer->token_digest);
    peer->grant_changes = peers->tokens.changes;
    if (!peer->grant)
        peer->grant = &nothing;
    if (peers->ops->granted)
        peers->ops->granted(peer, peer->grant);
    return peer->grant;
}

const struct grant *peer_grant(struct peer *peer)
{
    if (peer->grant_changes == peer->peers->tokens.changes)
        return peer->grant;
    return look_up(peer);
}

const char *peer_owner(struct peer *peer)
{
    const char *name = peer_grant(peer)->name;
    return name ? name : peer->client;
}
