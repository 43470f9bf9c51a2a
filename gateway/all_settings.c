/* all_settings: see all_settings.h. */
#include "gateway/all_settings.h"

#include "access/read.h"
#include "access/token_file.h"
#include "daemon/rules.h"
#include "net/address.h"

#include <limits.h>
#include <stddef.h>

/* In the order of --help. */
static const struct config_part parts[] = {
    {&listen_options, offsetof(struct gateway_settings, listen)},
    {&server_options, offsetof(struct gateway_settings, server)},
    {&gateway_access_options, offsetof(struct gateway_settings, access)},
    {&http_options, offsetof(struct gateway_settings, http)},
    {&access_log_options, offsetof(struct gateway_settings, access_log)},
    {&end_options, offsetof(struct gateway_settings, end)},
    {&identity_options, offsetof(struct gateway_settings, identity)},
    {&log_options, offsetof(struct gateway_settings, log)},
};

static int check_place(const struct config *config, struct config_error *error, const char *text,
                       bool *local)
{
    char why[128];
    enum address_kind kind;
    if (address_check(text, &kind, local, why, sizeof why) < 0)
        return config_fault(config, error, "listen", "found \"%s\", %s", text, why);
    return 0;
}

/* Without tokens, strangers must not reach the gateway: they would see everything. */
static int check_listen(const struct config *config, const struct gateway_settings *settings,
                        struct config_error *error)
{
    const struct option_list *listen = &settings->listen.listen;
    for (size_t i = 0; i < listen->count; i++) {
        bool local;
        if (check_place(config, error, listen->items[i], &local) < 0)
            return -1;
        if (!local && !settings->access.access.access_file)
            return config_fault(config, error, "listen",
                                "found \"%s\", which others than this machine may reach: set "
                                "access-file",
                                listen->items[i]);
    }
    return 0;
}

static int check_hosts(const struct config *config, const struct option_list *hosts,
                       struct config_error *error)
{
    for (size_t i = 0; i < hosts->count; i++)
        if (!gateway_host_valid(hosts->items[i]))
            return config_fault(config, error, "hosts",
                                "found \"%s\", expected a name or an address without a port",
                                hosts->items[i]);
    return 0;
}

static int check(const struct config *config, void *arg, struct config_error *error)
{
    const struct gateway_settings *settings = arg;
    const struct server_settings *server = &settings->server;
    if (check_listen(config, settings, error) < 0 ||
        check_hosts(config, &settings->access.hosts, error) < 0 ||
        daemon_rule_server(config, error, "server", server->server) < 0)
        return -1;
    return server->queue_server
               ? daemon_rule_server(config, error, "queue-server", server->queue_server)
               : 0;
}

static int read_tokens(const struct config *config, const char *key, const char *path,
                       enum file_kind kind, struct token_set *tokens, struct config_error *error)
{
    char why[PATH_MAX + 192];
    if (path && token_file_read(path, kind, tokens, why, sizeof why) < 0)
        return config_fault(config, error, key, "%s", why);
    return 0;
}

static int read_files(const struct config *config, void *arg, enum file_kind kind,
                      struct config_error *error)
{
    struct gateway_settings *settings = arg;
    struct server_settings *server = &settings->server;
    if (access_read(config, &settings->access.access, kind, error) < 0 ||
        read_tokens(config, "token-file", server->token_file, kind, &server->tokens, error) < 0)
        return -1;
    return read_tokens(config, "queue-token-file", server->queue_token_file, kind,
                       &server->queue_tokens, error);
}

static void release(void *arg)
{
    struct gateway_settings *settings = arg;
    token_set_free(&settings->access.access.tokens);
    token_set_free(&settings->server.tokens);
    token_set_free(&settings->server.queue_tokens);
}

const struct config_schema gateway_schema = {
    .program = "taskmaster-http",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .size = sizeof(struct gateway_settings),
    .check = check,
    .read = read_files,
    .release = release,
};
