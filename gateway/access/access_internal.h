/*
 * access_internal: the order of the files. A file calls those below it only.
 *
 *     access.c      the questions of a request, one after the other
 *     host.c        Host and Origin
 *     users.c       tokens, and the grants of exchanges
 */
#ifndef TASKMASTER_GATEWAY_ACCESS_INTERNAL_H
#define TASKMASTER_GATEWAY_ACCESS_INTERNAL_H

#include "gateway/access/access.h"
#include "gateway/access/settings.h"

#include <stddef.h>

/* --- host.c --- */

enum { HOSTS_LISTENED_MAX = 64, HOST_NAME_MAX_LEN = 255 };

/* Addresses of ours. */
struct hosts {
    const struct option_list *names; /* of the settings */
    char machine[HOST_NAME_MAX_LEN + 1];
    struct sockaddr_storage listened[HOSTS_LISTENED_MAX];
    size_t listened_count;
};

void hosts_init(struct hosts *hosts);
void hosts_add_listened(struct hosts *hosts, const struct sockaddr *addr);

/* A Host header in lower case, with or without a port. An empty one is that of HTTP/1.0. */
bool hosts_has(const struct hosts *hosts, const char *host);

/* An Origin header, of a request for `host`. */
bool hosts_has_origin(const struct hosts *hosts, const char *origin, const char *host);

/* --- users.c --- */

struct users;

/* Whose request an exchange is. */
struct user {
    struct users *users;
    struct grant grant;
};

/* The users of one version of the settings. It lives as long as an exchange has one of them. */
struct users *users_new(const struct gateway_access_settings *settings);

/* The settings are not in force any more. */
void users_retire(struct users *users);

/* The user of a token; NULL: no such token. */
const struct user *users_find(const struct users *users, const char *token);
const struct user *users_nobody(const struct users *users);  /* without rights */
const struct user *users_anybody(const struct users *users); /* without an access-file */
bool users_ask_for_token(const struct users *users);

/* Who has the token of a user of an earlier version now; NULL: nobody any more. */
const struct user *users_find_again(const struct users *users, const struct user *user);

/* An exchange has the user from now on, and not any more. */
const struct user *user_hold(const struct user *user);
void user_release(const struct user *user);

#endif
