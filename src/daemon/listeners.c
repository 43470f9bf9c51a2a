/* listeners: see listeners.h. */
#include "daemon/listeners.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>

enum { ERROR_MAX = 512 };

struct listener *daemon_listen(const struct listening *with, const char *key, const char *text,
                               const char *role, listener_accept accept)
{
    char why[ERROR_MAX], origin[CONFIG_ORIGIN_MAX];
    const struct identity *identity = with->identity;
    const struct socket_owner owner = {.mode = with->socket_mode,
                                       .uid = *identity->user ? identity->uid : (uid_t)-1,
                                       .gid = identity->pending ? identity->gid : (gid_t)-1};
    struct listener *listener = listener_open(with->loop->base, &with->loop->timers, text, &owner,
                                              role, accept, with->arg, why, sizeof why);
    if (!listener) {
        config_origin(with->config, key, NULL, origin);
        log_event(LOG_ERROR, "cannot-listen", LOG_STR("address", text), LOG_STR("setting", origin),
                  LOG_STR("why", why));
    }
    return listener;
}

int listeners_open(struct listeners *listeners, const struct listening *with,
                   const struct option_list *addresses, listener_accept accept)
{
    listeners->items = xcalloc(addresses->count, sizeof(struct listener *));
    for (size_t i = 0; i < addresses->count; i++) {
        struct listener *listener =
            daemon_listen(with, "listen", addresses->items[i], "clients", accept);
        if (!listener)
            return -1;
        listeners->items[listeners->count++] = listener;
    }
    return 0;
}

void listeners_close(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        listener_close(listeners->items[i]);
    free(listeners->items);
    *listeners = (struct listeners){0};
}
