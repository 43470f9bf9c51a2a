/* access: see access.h. */
#include "gateway/access/access_internal.h"

#include "common/xmalloc.h"
#include "gateway/http/exchange.h"
#include "gateway/http/problem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct gateway_access {
    struct hosts hosts;
    struct users *users; /* of the settings in force */
};

struct gateway_access *gateway_access_new(void)
{
    struct gateway_access *access = xcalloc(1, sizeof *access);
    hosts_init(&access->hosts);
    return access;
}

void gateway_access_free(struct gateway_access *access)
{
    if (access->users)
        users_retire(access->users);
    free(access);
}

void gateway_access_configure(struct gateway_access *access,
                              const struct gateway_access_settings *settings)
{
    if (access->users)
        users_retire(access->users);
    access->users = users_new(settings);
    access->hosts.names = &settings->hosts;
}

void gateway_access_listens(struct gateway_access *access, const struct sockaddr *addr)
{
    hosts_add_listened(&access->hosts, addr);
}

bool gateway_access_is_revoked(const struct gateway_access *access,
                               const struct http_exchange *exchange)
{
    const struct user *user = http_exchange_public((struct http_exchange *)exchange)->user;
    const struct user *now = user ? users_find_again(access->users, user) : NULL;
    return user && (!now || user->grant.rights & ~now->grant.rights);
}

bool gateway_access_asks_for_token(const struct gateway_access *access)
{
    return users_ask_for_token(access->users);
}

/* --- Host and Origin --- */

static bool check_host(const struct gateway_access *access, struct http_exchange *exchange)
{
    const char *host = http_request(exchange)->host;
    if (hosts_has(&access->hosts, host))
        return true;
    http_refuse(exchange, 421, "misdirected",
                "found the Host \"%.200s\", expected a name of this gateway; the setting hosts "
                "permits more of them",
                host);
    return false;
}

static bool check_origin(const struct gateway_access *access, struct http_exchange *exchange)
{
    bool twice = false;
    const char *origin = http_request_header(exchange, "Origin", &twice);
    if (!origin ||
        (!twice && hosts_has_origin(&access->hosts, origin, http_request(exchange)->host)))
        return true;
    http_refuse(exchange, 403, "denied",
                "a page of \"%.200s\" may not change anything here; only the gateway's own may",
                origin);
    return false;
}

/* --- tokens --- */

static void refuse_token(struct http_exchange *exchange, bool is_wrong)
{
    http_header(exchange, "WWW-Authenticate",
                is_wrong ? "Bearer realm=\"taskmaster\", error=\"invalid_token\""
                         : "Bearer realm=\"taskmaster\"");
    http_refuse(exchange, 401, "unauthorized", "%s",
                is_wrong ? "this token is not valid here"
                         : "expected a token: \"Authorization: Bearer TOKEN\"");
}

/* The token of the header; NULL: there is none. */
static const char *token_of(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    authorization += sizeof scheme - 1;
    return authorization + strspn(authorization, " ");
}

/* NULL: it was refused. */
static const struct user *find_user(const struct gateway_access *access,
                                    struct http_exchange *exchange, bool is_open)
{
    bool twice = false;
    const char *token = token_of(http_request_header(exchange, "Authorization", &twice));
    if (!users_ask_for_token(access->users))
        return users_anybody(access->users);
    const struct user *user = token && !twice ? users_find(access->users, token) : NULL;
    if (user || is_open)
        return user ? user : users_nobody(access->users);
    if (twice)
        http_refuse(exchange, 400, "bad-request", "the header Authorization was given twice");
    else
        refuse_token(exchange, token);
    return NULL;
}

static bool is_read_only(const struct user *user)
{
    return user == users_anybody(user->users) && !(user->grant.rights & RIGHT_SUBMIT);
}

static void refuse_write(struct http_exchange *exchange)
{
    http_refuse(exchange, 403, "denied",
                "this gateway is read-only: nothing can be changed without an access-file or "
                "allow-writes");
}

bool gateway_access_admit(const struct gateway_access *access, struct http_exchange *exchange,
                          bool writes, bool is_open)
{
    if (!check_host(access, exchange) || (writes && !check_origin(access, exchange)))
        return false;
    const struct user *user = find_user(access, exchange, is_open);
    if (user && writes && is_read_only(user)) {
        refuse_write(exchange);
        return false;
    }
    if (user)
        http_exchange_public(exchange)->user = user_hold(user);
    return user;
}

void gateway_access_ended(const struct http_exchange *exchange)
{
    const struct user *user = http_exchange_public((struct http_exchange *)exchange)->user;
    if (user)
        user_release(user);
}

/* --- grants --- */

static const struct user *user_of(struct http_exchange *exchange)
{
    return http_exchange_public(exchange)->user;
}

const struct grant *gateway_access_grant(struct http_exchange *exchange)
{
    return &user_of(exchange)->grant;
}

static void deny_module(struct http_exchange *exchange, const char *module)
{
    http_refuse(exchange, 403, "denied", "this request needs the right \"module:%.64s\"", module);
}

bool gateway_access_allow(struct http_exchange *exchange, unsigned rights, const char *module)
{
    const struct user *user = user_of(exchange);
    if (rights && !(user->grant.rights & rights)) {
        if (is_read_only(user))
            refuse_write(exchange);
        else
            http_refuse(exchange, 403, "denied", "this request needs the right \"%s\"",
                        right_name(rights));
        return false;
    }
    if (module && !grant_allows(&user->grant, GRANT_MODULE, module)) {
        deny_module(exchange, module);
        return false;
    }
    return true;
}

const char *gateway_access_name(struct http_exchange *exchange)
{
    return user_of(exchange)->grant.name;
}
