/*
 * address: splits the text once, for the check (never waits) and for the look-up (may wait).
 */
#include "net/address.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

enum {
    HOST_MAX = 253, /* of a DNS name; every numeric form is shorter */
    PORT_MAX = 65535,
    SCHEME_MAX = 16, /* bytes shown */
};

_Static_assert(sizeof UNIX_PREFIX + sizeof((struct sockaddr_un *)NULL)->sun_path <=
                   ADDRESS_TEXT_MAX,
               "a unix address fits");

/* An address's text, taken apart. */
struct parts {
    const char *path; /* unix: NULL otherwise */
    bool brackets;    /* the host stood in [] */
    char host[HOST_MAX + 1];
    char port[6];
};

static int fail(char *error, size_t error_size, const char *why)
{
    snprintf(error, error_size, "%s", why);
    return -1;
}

static bool port_valid(const char *port)
{
    size_t len = strlen(port);
    return len > 0 && len < sizeof((struct parts *)NULL)->port &&
           strspn(port, "0123456789") == len && strtoul(port, NULL, 10) <= PORT_MAX;
}

static int split_unix(struct parts *parts, const char *text, char *error, size_t error_size)
{
    parts->path = text + strlen(UNIX_PREFIX);
    size_t len = strlen(parts->path);
    if (len == 0 || len >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return fail(error, error_size, "expected a path of 1 to 107 bytes after unix:");
    return 0;
}

static int split(struct parts *parts, const char *text, char *error, size_t error_size)
{
    *parts = (struct parts){0};
    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return split_unix(parts, text, error, error_size);

    const char *colon = strrchr(text, ':'), *scheme = strstr(text, "://");
    if (scheme) {
        snprintf(error, error_size,
                 "an address has no \"%.*s://\": expected HOST:PORT, [IPV6]:PORT or unix:PATH",
                 (int)(scheme - text < SCHEME_MAX ? scheme - text : SCHEME_MAX), text);
        return -1;
    }
    if (!colon || colon == text)
        return fail(error, error_size, "expected HOST:PORT, [IPV6]:PORT or unix:PATH");
    if (!port_valid(colon + 1))
        return fail(error, error_size, "expected a port from 0 to 65535 after the last colon");
    size_t len = (size_t)(colon - text);
    parts->brackets = text[0] == '[' && text[len - 1] == ']';
    if (parts->brackets) {
        text++;
        len -= 2;
    }
    if (len == 0 || len > HOST_MAX)
        return fail(error, error_size, "expected a host of 1 to 253 bytes");
    if (!parts->brackets && memchr(text, ':', len))
        return fail(error, error_size, "expected brackets around an IPv6 address: [IPV6]:PORT");
    memcpy(parts->host, text, len);
    memcpy(parts->port, colon + 1, strlen(colon + 1));
    return 0;
}

static void set_unix(struct address *address, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memcpy(un.sun_path, path, strlen(path)); /* split() has checked its length */
    memcpy(&address->storage, &un, sizeof un);
    address->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    address->kind = ADDRESS_UNIX;
}

/* One question to getaddrinfo(3). 0 or an EAI_ code. */
static int look_up(struct address *address, const struct parts *parts, int family, int flags)
{
    struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *found;
    int rc = getaddrinfo(parts->host, parts->port, &hints, &found);
    if (rc != 0)
        return rc;
    memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
    address->len = found->ai_addrlen;
    address->kind = found->ai_family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6;
    freeaddrinfo(found);
    return 0;
}

/* Addresses that need no resolver. False for names. */
static bool set_numeric(struct address *address, const struct parts *parts)
{
    *address = (struct address){0};
    if (parts->path) {
        set_unix(address, parts->path);
        return true;
    }
    if (strcmp(parts->host, "*") == 0) /* glibc takes "*" for no host, and so for loopback */
        return false;
    return look_up(address, parts, parts->brackets ? AF_INET6 : AF_INET, AI_NUMERICHOST) == 0;
}

/* Letters, digits, hyphens, dots and underscores, with a letter among them: 300.1.1.1 is a mistyped
 * address, not a name to ask the resolver for. */
static bool host_name_valid(const char *host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t len = strlen(host);
    for (size_t i = 0; i < len; i++)
        if (!strchr(letters, host[i]) && !strchr("0123456789-._", host[i]))
            return false;
    return host[0] != '-' && strcspn(host, letters) < len;
}

/* 0: the parts are in place, and `address` is set unless they hold a name. */
static int parse_form(struct address *address, struct parts *parts, bool *is_name, const char *text,
                      char *error, size_t error_size)
{
    if (split(parts, text, error, error_size) < 0)
        return -1;
    *is_name = !set_numeric(address, parts);
    if (!*is_name)
        return 0;
    if (parts->brackets)
        return fail(error, error_size, "expected an IPv6 address between the brackets");
    if (!host_name_valid(parts->host))
        return fail(error, error_size, "expected an IPv4 address or a host's name before the port");
    return 0;
}

int address_check(const char *text, enum address_kind *kind, bool *local, char *error,
                  size_t error_size)
{
    struct address address;
    struct parts parts;
    bool is_name;
    if (parse_form(&address, &parts, &is_name, text, error, error_size) < 0)
        return -1;
    *kind = is_name ? ADDRESS_NAME : address.kind;
    *local = is_name ? strcasecmp(parts.host, "localhost") == 0 : address_is_loopback(&address);
    return 0;
}

int address_check_server(const char *text, char *error, size_t error_size)
{
    struct address address;
    struct parts parts;
    bool is_name;
    if (parse_form(&address, &parts, &is_name, text, error, error_size) < 0)
        return -1;
    if (!parts.path && strtoul(parts.port, NULL, 10) == 0)
        return fail(error, error_size, "expected a port from 1 to 65535 after the last colon");
    return 0;
}

int address_parse(struct address *address, const char *text, char *error, size_t error_size)
{
    struct parts parts;
    bool is_name;
    if (parse_form(address, &parts, &is_name, text, error, error_size) < 0)
        return -1;
    if (!is_name)
        return 0;
    int rc = look_up(address, &parts, AF_INET, 0);
    if (rc != 0 && look_up(address, &parts, AF_INET6, 0) == 0)
        return 0;
    return rc == 0 ? 0 : fail(error, error_size, gai_strerror(rc));
}

bool address_is_loopback(const struct address *address)
{
    const struct sockaddr_storage *ss = &address->storage;
    const struct in6_addr *ip6 = &((const struct sockaddr_in6 *)ss)->sin6_addr;
    switch (address->kind) {
    case ADDRESS_UNIX:
        return true;
    case ADDRESS_IPV4:
        return ntohl(((const struct sockaddr_in *)ss)->sin_addr.s_addr) >> 24 == 127;
    case ADDRESS_IPV6:
        return IN6_IS_ADDR_LOOPBACK(ip6) || (IN6_IS_ADDR_V4MAPPED(ip6) && ip6->s6_addr[12] == 127);
    case ADDRESS_NAME:
        break;
    }
    return false;
}

bool address_clash(const struct address *a, const struct address *b)
{
    if (a->kind != b->kind || a->kind == ADDRESS_NAME)
        return false;
    if (a->kind == ADDRESS_UNIX)
        return a->len == b->len && memcmp(&a->storage, &b->storage, a->len) == 0;
    if (a->kind == ADDRESS_IPV4) {
        const struct sockaddr_in *in_a = (const struct sockaddr_in *)&a->storage;
        const struct sockaddr_in *in_b = (const struct sockaddr_in *)&b->storage;
        in_addr_t host_a = in_a->sin_addr.s_addr, host_b = in_b->sin_addr.s_addr;
        return in_a->sin_port && in_a->sin_port == in_b->sin_port &&
               (host_a == host_b || host_a == INADDR_ANY || host_b == INADDR_ANY);
    }
    const struct sockaddr_in6 *in_a = (const struct sockaddr_in6 *)&a->storage;
    const struct sockaddr_in6 *in_b = (const struct sockaddr_in6 *)&b->storage;
    bool same = memcmp(&in_a->sin6_addr, &in_b->sin6_addr, sizeof in_a->sin6_addr) == 0 &&
                in_a->sin6_scope_id == in_b->sin6_scope_id;
    return in_a->sin6_port && in_a->sin6_port == in_b->sin6_port &&
           (same || IN6_IS_ADDR_UNSPECIFIED(&in_a->sin6_addr) ||
            IN6_IS_ADDR_UNSPECIFIED(&in_b->sin6_addr));
}

/* The kernel need not end a path of full length with a NUL. A name in the abstract namespace begins
 * with a NUL, shown as '@'. */
static void format_unix(const struct sockaddr *sa, socklen_t len, char *buf)
{
    const size_t head = offsetof(struct sockaddr_un, sun_path);
    const char *path = (const char *)sa + head;
    size_t max = len > head ? len - head : 0;
    bool abstract = max > 1 && path[0] == '\0';
    size_t used = abstract ? max : strnlen(path, max);
    snprintf(buf, ADDRESS_TEXT_MAX, UNIX_PREFIX "%s%.*s", abstract ? "@" : "",
             (int)(abstract ? used - 1 : used), abstract ? path + 1 : path);
}

const char *address_format(const struct sockaddr *sa, socklen_t len, char buf[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
    char port[6];
    if (len >= sizeof sa->sa_family && sa->sa_family == AF_UNIX) {
        format_unix(sa, len, buf);
        return buf;
    }
    if (getnameinfo(sa, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(buf, ADDRESS_TEXT_MAX, "unknown");
    else
        snprintf(buf, ADDRESS_TEXT_MAX, sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                 port);
    return buf;
}
