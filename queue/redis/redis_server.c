/* redis_server: see redis_server.h. */
#include "queue/redis/redis_server.h"

#include "base/option.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

/* The form alone, of a name. 0, or -1 after a message in `error`. */
static int read_address(struct redis_server *server, char *error, size_t error_size)
{
    enum address_kind kind;
    bool is_local;
    if (address_check(server->text, &kind, &is_local, error, error_size) < 0)
        return -1;
    server->is_name = kind == ADDRESS_NAME;
    return server->is_name ? 0 : address_parse(&server->address, server->text, error, error_size);
}

struct redis_server *redis_servers_new(const struct option_list *texts, char *error,
                                       size_t error_size)
{
    struct redis_server *servers = xcalloc(texts->count, sizeof *servers);
    for (size_t i = 0; i < texts->count; i++) {
        servers[i].text = xstrdup(texts->items[i]);
        if (read_address(&servers[i], error, error_size) < 0) {
            redis_servers_free(servers, texts->count);
            return NULL;
        }
    }
    return servers;
}

void redis_servers_free(struct redis_server *servers, size_t count)
{
    for (size_t i = 0; servers && i < count; i++)
        free(servers[i].text);
    free(servers);
}

static bool is_same(const struct redis_fault *a, const struct redis_fault *b)
{
    return a->expected == b->expected && strcmp(a->found, b->found) == 0;
}

void redis_server_failed(struct redis_server *server, const struct redis_fault *fault)
{
    if (!server->has_fault || !is_same(&server->fault, fault))
        server->is_told = false;
    server->has_fault = true;
    server->fault = *fault;
}

void redis_server_tell(struct redis_server *server)
{
    const struct redis_fault *fault = &server->fault;
    if (!server->has_fault || server->is_told)
        return;
    server->is_told = true;
    if (fault->expected)
        log_event(LOG_ERROR, "redis-refused", LOG_STR("address", server->text),
                  LOG_STR("found", fault->found), LOG_STR("expected", fault->expected),
                  LOG_STR_OPT("hint", fault->hint));
    else
        log_event(LOG_WARN, "redis-unreachable", LOG_STR("address", server->text),
                  LOG_STR("why", fault->found), LOG_STR_OPT("hint", fault->hint));
}

void redis_server_works(struct redis_server *server)
{
    server->has_fault = server->is_told = false;
}
