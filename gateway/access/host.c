/*
 * host: whether a Host or an Origin is ours.
 *
 * A page of another site may let its own name point at our address (DNS rebinding): the browser
 * takes the gateway for the page's server then. An address as Host cannot be such a name, but a
 * wrong one is refused as well, unless the gateway listens on every address.
 */
#include "gateway/access/access_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOST_MAX = 256 };

void hosts_init(struct hosts *hosts)
{
    if (gethostname(hosts->machine, sizeof hosts->machine) < 0)
        *hosts->machine = '\0';
    hosts->machine[HOST_NAME_MAX_LEN] = '\0';
}

void hosts_add_listened(struct hosts *hosts, const struct sockaddr *addr)
{
    size_t len = addr->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                 : addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                               : 0;
    if (len && hosts->listened_count < HOSTS_LISTENED_MAX)
        memcpy(&hosts->listened[hosts->listened_count++], addr, len);
}

/* Copies a host without its port, and an IPv6 address without its brackets. False if it is too
 * long. */
static bool take_host(const char *text, char host[HOST_MAX])
{
    const char *from = text + (*text == '[');
    size_t len = *text == '[' ? strcspn(from, "]") : strcspn(from, ":");
    if (len >= HOST_MAX)
        return false;
    memcpy(host, from, len);
    host[len] = '\0';
    return true;
}

/* --- addresses --- */

static bool is_ipv6(const struct sockaddr_storage *listened, const struct in6_addr *ip)
{
    const struct sockaddr_in6 *own = (const struct sockaddr_in6 *)listened;
    return own->sin6_family == AF_INET6 && (memcmp(&own->sin6_addr, ip, sizeof *ip) == 0 ||
                                            IN6_IS_ADDR_UNSPECIFIED(&own->sin6_addr));
}

/* [::] takes connections of IPv4 as well. */
static bool is_ipv4(const struct sockaddr_storage *listened, struct in_addr ip)
{
    const struct sockaddr_in *own = (const struct sockaddr_in *)listened;
    if (own->sin_family == AF_INET6)
        return is_ipv6(listened, &in6addr_any);
    return own->sin_addr.s_addr == ip.s_addr || own->sin_addr.s_addr == htonl(INADDR_ANY);
}

static bool is_loopback(struct in_addr ip)
{
    return ntohl(ip.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool has_ipv4(const struct hosts *hosts, struct in_addr ip)
{
    for (size_t i = 0; i < hosts->listened_count; i++)
        if (is_ipv4(&hosts->listened[i], ip))
            return true;
    return is_loopback(ip);
}

static bool has_ipv6(const struct hosts *hosts, const struct in6_addr *ip)
{
    for (size_t i = 0; i < hosts->listened_count; i++)
        if (is_ipv6(&hosts->listened[i], ip))
            return true;
    return IN6_IS_ADDR_LOOPBACK(ip);
}

/* --- names --- */

static bool is_configured(const struct hosts *hosts, const char *name)
{
    for (size_t i = 0; i < hosts->names->count; i++)
        if (strcasecmp(hosts->names->items[i], name) == 0)
            return true;
    return false;
}

static bool has_name(const struct hosts *hosts, const char *name)
{
    return strcasecmp(name, "localhost") == 0 || strcasecmp(name, hosts->machine) == 0 ||
           is_configured(hosts, name);
}

bool hosts_has(const struct hosts *hosts, const char *host)
{
    char name[HOST_MAX];
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (!*host)
        return true;
    if (!take_host(host, name))
        return false;
    if (*host == '[')
        return inet_pton(AF_INET6, name, &ipv6) == 1 &&
               (has_ipv6(hosts, &ipv6) || is_configured(hosts, name));
    if (inet_pton(AF_INET, name, &ipv4) == 1 && has_ipv4(hosts, ipv4))
        return true;
    return has_name(hosts, name);
}

/* The same server has the same Host and Origin, whatever the scheme: a proxy may speak TLS. A proxy
 * that sends a Host of its own has its name in `hosts`. */
bool hosts_has_origin(const struct hosts *hosts, const char *origin, const char *host)
{
    const char *slashes = strstr(origin, "://");
    char name[HOST_MAX];
    if (!slashes || !slashes[3])
        return false;
    if (strcasecmp(slashes + 3, host) == 0)
        return true;
    return take_host(slashes + 3, name) && is_configured(hosts, name);
}
