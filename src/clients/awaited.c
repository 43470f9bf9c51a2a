/* client_awaited: see awaited.h. */
#include "clients/awaited.h"

#include "common/xmalloc.h"
#include "protocol/event_writer.h"

#include <stdlib.h>
#include <string.h>

struct client_awaited {
    TAILQ_ENTRY(client_awaited) link;
    struct client_session *session;
    uint32_t changed_count;
    char id[ID_TEXT_MAX + 1];
    char changed[]; /* JSON */
};

static struct client_awaited *keep(struct client_session *session, const struct request *request,
                                   const struct control_reload *reload)
{
    const char *changed = reload->changed ? reload->changed : "[]";
    size_t len = strlen(changed);
    struct client_awaited *awaited = xcalloc(1, sizeof *awaited + len + 1);
    awaited->session = session;
    awaited->changed_count = reload->changed_count;
    memcpy(awaited->id, request->id.text, request->id.len + 1);
    memcpy(awaited->changed, changed, len + 1);
    TAILQ_INSERT_TAIL(&session->clients->awaited, awaited, link);
    session->awaited++;
    return awaited;
}

void client_awaited_add(struct client_session *session, const struct request *request,
                        const struct control_reload *reload)
{
    keep(session, request, reload);
}

static void drop(struct client_awaited *awaited)
{
    awaited->session->awaited--;
    TAILQ_REMOVE(&awaited->session->clients->awaited, awaited, link);
    free(awaited);
}

void client_awaited_forget(struct client_session *session)
{
    struct client_awaited *awaited, *next;
    for (awaited = TAILQ_FIRST(&session->clients->awaited); session->awaited; awaited = next) {
        next = TAILQ_NEXT(awaited, link);
        if (awaited->session == session)
            drop(awaited);
    }
}

static void tell(const struct client_awaited *awaited, const char *why)
{
    struct event_writer event;
    event_begin(&event, &awaited->session->conn, "ok");
    event_json(&event, "id", awaited->id, strlen(awaited->id));
    event_word(&event, "op", "reload");
    event_json(&event, "changed", awaited->changed, strlen(awaited->changed));
    event_uint(&event, "changed_count", awaited->changed_count);
    event_bool(&event, "renewed", !why);
    if (why)
        event_text(&event, "why", why, strlen(why), MESSAGE_MAX);
    event_end(&event);
}

void client_awaited_refuse(struct client_session *session, const struct request *request,
                           const char *why)
{
    struct client_awaited *awaited =
        keep(session, request, &(struct control_reload){.fault = NULL});
    tell(awaited, why);
    drop(awaited);
}

struct client_session *client_awaited_tell_next(struct clients *clients, const char *why)
{
    struct client_awaited *awaited = TAILQ_FIRST(&clients->awaited);
    if (!awaited)
        return NULL;
    struct client_session *session = awaited->session;
    tell(awaited, why);
    drop(awaited);
    return session;
}
