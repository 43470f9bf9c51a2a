/* awaited: see awaited.h. */
#include "peers/awaited.h"

#include "common/xmalloc.h"
#include "peers/peers_internal.h"
#include "protocol/event_writer.h"

#include <stdlib.h>
#include <string.h>

struct peers_awaited {
    TAILQ_ENTRY(peers_awaited) link;
    struct peer *peer;
    uint32_t changed_count;
    char id[ID_TEXT_MAX + 1];
    char changed[]; /* JSON */
};

static struct peers_awaited *keep(struct peer *peer, const struct request *request,
                                  const struct control_reload *reload)
{
    const char *changed = reload->changed ? reload->changed : "[]";
    size_t len = strlen(changed);
    struct peers_awaited *awaited = xcalloc(1, sizeof *awaited + len + 1);
    awaited->peer = peer;
    awaited->changed_count = reload->changed_count;
    memcpy(awaited->id, request->id.text, request->id.len + 1);
    memcpy(awaited->changed, changed, len + 1);
    TAILQ_INSERT_TAIL(&peer->peers->awaited, awaited, link);
    peer->awaited++;
    return awaited;
}

void peers_awaited_add(struct peer *peer, const struct request *request,
                       const struct control_reload *reload)
{
    keep(peer, request, reload);
}

static void drop(struct peers_awaited *awaited)
{
    awaited->peer->awaited--;
    TAILQ_REMOVE(&awaited->peer->peers->awaited, awaited, link);
    free(awaited);
}

void peers_awaited_forget(struct peer *peer)
{
    struct peers_awaited *awaited, *next;
    for (awaited = TAILQ_FIRST(&peer->peers->awaited); peer->awaited; awaited = next) {
        next = TAILQ_NEXT(awaited, link);
        if (awaited->peer == peer)
            drop(awaited);
    }
}

static void tell(const struct peers_awaited *awaited, const char *why)
{
    struct event_writer event;
    event_begin(&event, &awaited->peer->conn, "ok");
    event_json(&event, "id", awaited->id, strlen(awaited->id));
    event_word(&event, "op", "reload");
    event_json(&event, "changed", awaited->changed, strlen(awaited->changed));
    event_uint(&event, "changed_count", awaited->changed_count);
    event_bool(&event, "renewed", !why);
    if (why)
        event_text(&event, "why", why, strlen(why), MESSAGE_MAX);
    event_end(&event);
}

void peers_awaited_refuse(struct peer *peer, const struct request *request, const char *why)
{
    struct peers_awaited *awaited = keep(peer, request, &(struct control_reload){.fault = NULL});
    tell(awaited, why);
    drop(awaited);
}

struct peer *peers_awaited_tell_next(struct peers *peers, const char *why)
{
    struct peers_awaited *awaited = TAILQ_FIRST(&peers->awaited);
    if (!awaited)
        return NULL;
    struct peer *peer = awaited->peer;
    tell(awaited, why);
    drop(awaited);
    return peer;
}
