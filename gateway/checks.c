/* checks: see checks.h. */
#include "gateway/checks.h"

#include "gateway/all_settings.h"
#include "net/address.h"

static struct daemon_settings settings(const struct config *config)
{
    const struct gateway_settings *all = gateway_settings_of(config);
    return (struct daemon_settings){.listen = &all->listen.listen,
                                    .identity = &all->identity,
                                    .access = &all->access.access,
                                    .log = &all->log};
}

/* A reload reads the files again. */
static void check_token_files(const struct daemon_check *check, const struct identity *identity)
{
    const struct server_settings *server = &gateway_settings_of(check->config)->server;
    daemon_check_readable(check, identity, "token-file", server->token_file);
    daemon_check_readable(check, identity, "queue-token-file", server->queue_token_file);
}

static bool has_address(const struct daemon_check *check, const char *key, const char *text)
{
    struct address address;
    char why[128];
    if (!text || address_parse(&address, text, why, sizeof why) == 0)
        return true;
    daemon_check_tell(check, FINDING_FAULT, key, NULL, "found \"%s\": %s", text, why);
    return false;
}

/* The daemons' names have addresses. Nobody need listen there yet. */
static bool try_servers(const struct daemon_check *check, struct identity *identity, bool option)
{
    const struct server_settings *server = &gateway_settings_of(check->config)->server;
    (void)identity, (void)option;
    bool fine = has_address(check, "server", server->server);
    return has_address(check, "queue-server", server->queue_server) && fine;
}

const struct start_checks gateway_checks = {
    .program = "taskmaster-http",
    .sockets = "http",
    .guard = "set access-file",
    .settings = settings,
    .warn = check_token_files,
    .trial = try_servers,
};
