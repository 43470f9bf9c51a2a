/* check: see check.h. */
#include "daemon/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void daemon_check_tell(const struct daemon_check *check, enum finding finding, const char *key,
                       const char *entry, const char *fmt, ...)
{
    char origin[CONFIG_ORIGIN_MAX], text[FINDING_MAX];
    config_origin(check->config, key, entry, origin);
    size_t len = (size_t)snprintf(text, sizeof text, "%s: ", origin);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + len, sizeof text - len, fmt, ap);
    va_end(ap);
    if (check->place && finding == FINDING_FAULT)
        config_locate(check->config, key, entry, check->place);
    check->tell(check->arg, finding, text);
}

/* --- user and group --- */

bool daemon_check_identity(const struct daemon_check *check,
                           const struct identity_settings *settings, struct identity *identity)
{
    const char *key = identity_find(identity, settings);
    if (key)
        daemon_check_tell(check, FINDING_FAULT, key, NULL,
                          "found \"%s\", expected the name of a %s of this machine",
                          strcmp(key, "user") == 0 ? settings->user : settings->group, key);
    return !key;
}

bool daemon_check_rights(const struct daemon_check *check, const struct identity_settings *settings,
                         const struct identity *identity, enum finding finding)
{
    const char *key = settings->user ? "user" : "group";
    const char *name = settings->user ? settings->user : settings->group;
    bool possible = identity_possible(identity);
    if (!possible)
        daemon_check_tell(check, finding, key, NULL, "found \"%s\", which only root can become",
                          name);
    return possible;
}

/* --- files of a reload --- */

static const char *user_of(const struct identity *identity)
{
    return *identity->user ? identity->user : "of that group";
}

void daemon_check_readable(const struct daemon_check *check, const struct identity *identity,
                           const char *key, const char *path)
{
    int e = path ? identity_access(identity, path, R_OK) : 0;
    if (e)
        daemon_check_tell(check, FINDING_WARNING, key, NULL,
                          "user %s cannot read \"%s\": %s: reloads would fail", user_of(identity),
                          path, strerror(e));
}

void daemon_check_reload(const struct daemon_check *check, const char *file,
                         const struct access_settings *access, const struct identity *identity)
{
    int e = file ? identity_access(identity, file, R_OK) : 0;
    if (e) {
        char text[FINDING_MAX];
        snprintf(text, sizeof text, "%s: user %s cannot read it: %s: reloads would fail", file,
                 user_of(identity), strerror(e));
        check->tell(check->arg, FINDING_WARNING, text);
    }
    daemon_check_readable(check, identity, "token-file", access->token_file);
    daemon_check_readable(check, identity, "access-file", access->access_file);
}

/* --- tokens --- */

/* People think up shorter tokens, and an attacker may try thousands a second over many connections;
 * 16 bytes drawn by chance stand that for ever. */
enum { TOKEN_LEN_SAFE = 16 };

void daemon_check_tokens(const struct daemon_check *check, const struct access_settings *access)
{
    const struct token_set *tokens = &access->tokens;
    size_t all = 0, count = 0, shortest = TOKEN_LEN_SAFE;
    for (size_t i = 0; i < tokens->count; i++) {
        size_t len = tokens->tokens[i].len;
        all += !tokens->tokens[i].grant.name;
        count += len < TOKEN_LEN_SAFE;
        shortest = len < shortest ? len : shortest;
    }
    if (count)
        daemon_check_tell(
            check, FINDING_WARNING, "token-file", NULL,
            "\"%s\" has %zu of %zu tokens that can be guessed: the shortest is of %zu bytes, "
            "expected at least %d; \"openssl rand -hex 16\" makes one",
            access->token_file, count, all, shortest, TOKEN_LEN_SAFE);
}
