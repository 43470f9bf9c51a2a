/*
 * access: whose request an exchange is, and what it may do.
 *
 * With an access-file, a client names itself by a bearer token (RFC 6750), and has the rights of
 * its line. Without one, the gateway listens on loopback and unix sockets alone: everybody may
 * look, and change things only with allow-writes. The Host must be one of ours, so that no page of
 * another site reaches the gateway by a name of its own (DNS rebinding); the Origin of a write must
 * be ours.
 */
#ifndef TASKMASTER_GATEWAY_ACCESS_ACCESS_H
#define TASKMASTER_GATEWAY_ACCESS_ACCESS_H

#include "access/grant.h"
#include "access/right.h"

#include <stdbool.h>
#include <sys/socket.h>

struct gateway_access;
struct gateway_access_settings;
struct http_exchange;

struct gateway_access *gateway_access_new(void);
void gateway_access_free(struct gateway_access *access); /* no exchange is left */

/* The settings in force from now on; borrowed. Exchanges in progress keep their grants. */
void gateway_access_configure(struct gateway_access *access,
                              const struct gateway_access_settings *settings);

/* The gateway listens there: the address is a Host of ours. */
void gateway_access_listens(struct gateway_access *access, const struct sockaddr *addr);

/* Whether the settings in force have revoked the exchange's token, or a right of it. */
bool gateway_access_is_revoked(const struct gateway_access *access,
                               const struct http_exchange *exchange);

/* Whether there is an access-file. */
bool gateway_access_asks_for_token(const struct gateway_access *access);

/* For `ended` of the server: the exchange's grant is not used any more. */
void gateway_access_ended(const struct http_exchange *exchange);

/* Host, Origin, token. True: exchange->user is its grant. False: it was told 421, 403 or 401. */
bool gateway_access_admit(const struct gateway_access *access, struct http_exchange *exchange,
                          bool writes, bool is_open);

/* The grant of an admitted exchange. */
const struct grant *gateway_access_grant(struct http_exchange *exchange);

/* True if the exchange's user has one of the rights (0: nothing is asked for); otherwise it was
 * told 403, with the right's name. `module` may be NULL. */
bool gateway_access_allow(struct http_exchange *exchange, unsigned rights, const char *module);

/* The name for `for`; NULL: the user has none. */
const char *gateway_access_name(struct http_exchange *exchange);

#endif
