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

/* Checks the form alone, without a look-up: never waits, so a reload may call it. `*local`: only
 * this machine reaches the address (loopback, unix: or the name localhost; any other name counts as
 * open). 0, or -1 with the fault in `error`. */
int address_check(const char *text, enum address_kind *kind, bool *local, char *error,
                  size_t error_size);

/* The same for an address to connect to: port 0 is none. */
int address_check_server(const char *text, char *error, size_t error_size);

/* Makes a socket address. May ask the resolver and take seconds: for start-up only. Takes the first
 * of a name's addresses, IPv4 before IPv6: localhost is then an address on machines without IPv6,
 * too. 0, or -1 with the fault in `error`. */
int address_parse(struct address *address, const char *text, char *error, size_t error_size);

/* Only this machine reaches the address; true for unix:. */
bool address_is_loopback(const struct address *address);

/* Only one of the two can be listened on: both have the same path, or the same port of the same
 * host. A wildcard takes all addresses of the host. Port 0 stands for any free port and clashes
 * with none. */
bool address_clash(const struct address *a, const struct address *b);

/* Writes the text form, as address_parse() reads it. Returns `buf`. The peer of a unix socket
 * has no path as a rule: "unix:". */
const char *address_format(const struct sockaddr *sa, socklen_t len, char buf[ADDRESS_TEXT_MAX]);

#endif
