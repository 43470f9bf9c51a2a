/*
 * redis_server: a server of redis-servers, and what was found there.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_SERVER_H
#define TASKMASTER_QUEUE_REDIS_REDIS_SERVER_H

#include "net/address.h"

#include <stdbool.h>
#include <stddef.h>

struct option_list;

/* Why a server is not used. */
struct redis_fault {
    char found[256];      /* for people */
    const char *expected; /* NULL: the server cannot be reached, or is not ready yet */
    const char *hint;     /* what to do; NULL: nothing is known */
};

struct redis_server {
    struct address address;
    char *text;               /* of the address */
    bool is_name;             /* the address is looked up at each attempt */
    struct redis_fault fault; /* of the last attempt */
    bool has_fault;
    bool is_told; /* this fault is in the log */
};

/* From the texts of the setting; never waits. NULL after a message in `error`. */
struct redis_server *redis_servers_new(const struct option_list *texts, char *error,
                                       size_t error_size);
void redis_servers_free(struct redis_server *servers, size_t count);

/* Notes the fault. */
void redis_server_failed(struct redis_server *server, const struct redis_fault *fault);

/* Writes the noted fault into the log, once. */
void redis_server_tell(struct redis_server *server);

/* This server, or another one, is in use: the next fault is news. */
void redis_server_works(struct redis_server *server);

#endif
