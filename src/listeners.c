/* listeners: see listeners.h. */
#include "listeners.h"

#include "all_settings.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sysexits.h>

enum { ERROR_MAX = 512 };

/* For the opening of all listeners. */
struct opening {
    struct loop *loop;
    const struct config *config;
    struct socket_owner owner; /* of unix sockets */
    void *arg;
};

/* NULL after a line in the log. */
static struct listener *open_one(const struct opening *with, const char *key, const char *text,
                                 const char *role, listener_accept accept)
{
    char why[ERROR_MAX], origin[CONFIG_ORIGIN_MAX];
    struct listener *listener =
        listener_open(with->loop->base, &with->loop->timers, text, &with->owner, role, accept,
                      with->arg, why, sizeof why);
    if (!listener) {
        config_origin(with->config, key, NULL, origin);
        log_event(LOG_ERROR, "cannot-listen", LOG_STR("address", text), LOG_STR("setting", origin),
                  LOG_STR("why", why));
    }
    return listener;
}

int listeners_open(struct listeners *listeners, struct loop *loop, const struct config *config,
                   const struct identity *identity, listener_accept accept_client,
                   listener_accept accept_worker, void *arg)
{
    const struct settings *settings = settings_of(config);
    const struct option_list *listen = &settings->clients.listen;
    const struct opening with = {
        .loop = loop,
        .config = config,
        .owner = {.mode = settings->clients.socket_mode,
                  .uid = *identity->user ? identity->uid : (uid_t)-1,
                  .gid = identity->pending ? identity->gid : (gid_t)-1},
        .arg = arg,
    };
    listeners->clients = xcalloc(listen->count, sizeof(struct listener *));
    listeners->workers =
        open_one(&with, "worker-listen", settings->workers.listen, "workers", accept_worker);
    bool fine = listeners->workers != NULL;
    for (size_t i = 0; fine && i < listen->count; i++) {
        listeners->clients[i] =
            open_one(&with, "listen", listen->items[i], "clients", accept_client);
        listeners->count = i + 1;
        fine = listeners->clients[i] != NULL;
    }
    return fine ? 0 : -1;
}

void listeners_close_clients(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        listener_close(listeners->clients[i]);
    free(listeners->clients);
    listeners->clients = NULL;
    listeners->count = 0;
}

void listeners_close(struct listeners *listeners)
{
    listeners_close_clients(listeners);
    listener_close(listeners->workers);
    listeners->workers = NULL;
}

/* The master may listen on a wildcard; workers connect to the loopback then. */
socklen_t listeners_worker_address(const struct listeners *listeners, struct sockaddr_storage *addr)
{
    socklen_t len = listener_address(listeners->workers, addr);
    if (!len)
        fatal(EX_OSERR, "cannot tell the address of the worker port");
    struct sockaddr_in *in = (struct sockaddr_in *)addr;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
    if (addr->ss_family == AF_INET && in->sin_addr.s_addr == htonl(INADDR_ANY))
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (addr->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
        in6->sin6_addr = in6addr_loopback;
    return len;
}
