/* rules: see rules.h. */
#include "daemon/rules.h"

#include <inttypes.h>
#include <string.h>

static const char *by_default(const struct config *config, const char *key)
{
    return config_is_set(config, key) ? "" : " by default";
}

int daemon_rule_size(const struct config *config, struct config_error *error,
                     const struct size_rule *rule, uint64_t payload_max)
{
    const char *expected = rule->more ? "more than" : "at least";
    if (rule->bound >= payload_max + rule->more)
        return 0;
    if (config_is_set(config, rule->key))
        return config_fault(config, error, rule->key,
                            "found %" PRIu64 ", expected %s payload-max, %" PRIu64 "%s",
                            rule->bound, expected, payload_max, by_default(config, "payload-max"));
    return config_fault(config, error, "payload-max",
                        "found %" PRIu64 ", but %s is %" PRIu64
                        " by default and must be %s payload-max: raise it too",
                        payload_max, rule->key, rule->bound, expected);
}

int daemon_rule_address(const struct config *config, struct config_error *error, const char *key,
                        const char *text, const struct access_settings *access, bool guarded,
                        enum address_kind *kind)
{
    char why[128];
    bool local;
    if (address_check(text, kind, &local, why, sizeof why) < 0)
        return config_fault(config, error, key, "found \"%s\", %s", text, why);
    if (local || guarded || access->allow_open_listen)
        return 0;
    return config_fault(config, error, key,
                        "found \"%s\", which others than this machine may reach: %sset "
                        "allow-open-listen if something else keeps strangers away",
                        text,
                        strcmp(key, "listen") == 0 ? "set token-file or access-file, or " : "");
}

int daemon_rule_server(const struct config *config, struct config_error *error, const char *key,
                       const char *text)
{
    char why[128];
    if (address_check_server(text, why, sizeof why) < 0)
        return config_fault(config, error, key, "found \"%s\", %s", text, why);
    return 0;
}

int daemon_rule_listen(const struct config *config, struct config_error *error,
                       const struct option_list *listen, const struct access_settings *access)
{
    bool guarded = access->token_file || access->access_file;
    enum address_kind kind;
    for (size_t i = 0; i < listen->count; i++)
        if (daemon_rule_address(config, error, "listen", listen->items[i], access, guarded, &kind) <
            0)
            return -1;
    return 0;
}
