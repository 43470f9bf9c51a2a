/* settings: see settings.h. */
#include "gateway/access/settings.h"

#include <arpa/inet.h>
#include <string.h>

enum { NAME_MAX_LEN = 253 };

static bool names_differ(const void *before, const void *after)
{
    const struct gateway_access_settings *old = before, *new = after;
    return !token_set_equal(&old->access.tokens, &new->access.tokens, true);
}

bool gateway_host_valid(const char *host)
{
    static const char permitted[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    struct in6_addr ip;
    size_t len = strspn(host, permitted);
    return (len > 0 && len <= NAME_MAX_LEN && !host[len]) || inet_pton(AF_INET6, host, &ip) == 1;
}

#define AT(member) offsetof(struct gateway_access_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "access-file", .kind = OPTION_STRING, .offset = AT(access.access_file), .reload = true,
     .differs = names_differ,
     .min = 1, .max = OPTION_PATH_MAX, .default_text = "null",
     .help = "a file of named bearer tokens and their rights, a line each: NAME TOKEN RIGHT...; "
             "others than its owner and group must not be able to read it; if unset, no token is "
             "asked for, only loopback addresses and unix sockets are permitted, and nothing can be "
             "changed without allow-writes"},
    {.key = "allow-writes", .kind = OPTION_BOOL, .offset = AT(allow_writes), .reload = true,
     .default_text = "false",
     .help = "without an access-file: permit requests that change things, submits among them; by "
             "default every user of this machine may look, and no more"},
    {.key = "hosts", .kind = OPTION_STRING_LIST, .offset = AT(hosts), .reload = true,
     .min = 0, .max = 64, .default_text = "[]",
     .help = "names under which clients reach the gateway, without ports, such as that of a proxy; "
             "localhost, the name of this machine and the addresses of listen are always among them; "
             "a request for another Host is refused (status 421), so that no web page can reach the "
             "gateway by a name of its own"},
};
/* clang-format on */

const struct option_table gateway_access_options = OPTION_TABLE(rows);
