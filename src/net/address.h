/*
 * address: the text form of a socket's address, and back: HOST:PORT, [IPV6]:PORT, unix:PATH.
 */
#ifndef TASKMASTER_NET_ADDRESS_H
#define TASKMASTER_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum address_kind {
    ADDRESS_IPV4,
    ADDRESS_IPV6,
    ADDRESS_UNIX,
    ADDRESS_NAME, /* a host's name, not looked up yet: only from address_check() */
};

struct address {
    struct sockaddr_storage storage;
    socklen_t len;
    enum address_kind kind;
};

/* Room for any address as text, its NUL included: unix: and a path, or an IPv6 address with a zone.
 */
enum { ADDRESS_TEXT_MAX = 128 };

/* Checks the form alone and looks nothing up, so it never waits: a reload can afford it. `local`
 * says whether only this machine can reach it: a loopback address, unix:, or the name localhost;
 * any other name counts as open. 0, or -1 with what is wrong in `error`. */
int address_check(const char *text, enum address_kind *kind, bool *local, char *error,
                  size_t error_size);

/* Makes a socket address, if need be by asking the resolver, which may take seconds: for start-up
 * only. Of a name's addresses the first is taken, IPv4 before IPv6: localhost is then the address
 * that a machine without IPv6 has too. 0, or -1 with what is wrong in `error`. */
int address_parse(struct address *address, const char *text, char *error, size_t error_size);

/* Only this machine can reach it; unix: is. */
bool address_is_loopback(const struct address *address);

/* Not both of them can be listened on: the same path, or the same port of the same host, all of
 * whose addresses a wildcard takes. Port 0 is any free one and clashes with none. */
bool address_clash(const struct address *a, const struct address *b);

/* Writes the text form, which address_parse() takes back. Returns `buf`. The peer of a unix socket
 * has no path as a rule: "unix:". */
const char *address_format(const struct sockaddr *sa, socklen_t len, char buf[ADDRESS_TEXT_MAX]);

#endif
