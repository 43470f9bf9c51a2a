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

/* Listens on a socket of the service manager. NULL after a line in the log. */
static struct listener *adopt(const struct listening *with, int fd, listener_accept accept)
{
    struct listener *listener = listener_adopt(with->loop->base, &with->loop->timers, fd,
                                               with->sockets->name, accept, with->arg);
    if (!listener)
        log_event(LOG_ERROR, "cannot-listen", LOG_INT("socket", fd),
                  LOG_STR("why", "the event loop does not take it"));
    return listener;
}

/* Of the sockets, or of the addresses without any. */
static struct listener *open_one(const struct listening *with, const struct option_list *addresses,
                                 size_t i, listener_accept accept)
{
    if (with->sockets->count)
        return adopt(with, with->sockets->fds[i], accept);
    return daemon_listen(with, "listen", addresses->items[i], with->sockets->name, accept);
}

int listeners_open(struct listeners *listeners, const struct listening *with,
                   const struct option_list *addresses, listener_accept accept)
{
    size_t count = with->sockets->count ? with->sockets->count : addresses->count;
    listeners->items = xcalloc(count, sizeof(struct listener *));
    for (size_t i = 0; i < count; i++) {
        struct listener *listener = open_one(with, addresses, i, accept);
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
