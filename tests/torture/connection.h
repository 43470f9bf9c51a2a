/*
 * connection: one non-blocking connection to the daemon and the framing of the protocol.
 *
 * Its owner's struct holds it. The struct must outlive the turn of the loop of the connection's
 * close.
 */
#ifndef TORTURE_CONNECTION_H
#define TORTURE_CONNECTION_H

#include "loop.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct connection_ops {
    /* A whole message; both are borrowed for the call. */
    void (*message)(void *arg, json_t *header, const char *payload, size_t size);
    /* The input is no message. */
    void (*broken)(void *arg);
    /* The other side ended the connection (0), or it broke (errno). It is closed by now. */
    void (*end)(void *arg, int error);
};

struct connection {
    const struct connection_ops *ops;
    void *arg;
    struct loop *loop;
    struct loop_watch watch; /* its fd is -1 when closed */
    char *out, *in;
    size_t out_len, out_room, in_len, in_room;
    uint64_t queued, written; /* bytes, in all */
    size_t trickle;           /* most bytes written in a turn; 0: no limit */
    size_t sip;               /* reads about so many bytes, then nothing; 0: no limit */
    bool deaf;                /* nothing is read */
    bool shut_when_out;       /* end of input once all is written */
    bool ended;               /* the end of input was sent */
};

/* A socket, connected or about to be; -1 with errno. */
int connection_socket(const struct sockaddr_in *addr);

void connection_open(struct connection *connection, struct loop *loop, int fd,
                     const struct connection_ops *ops, void *arg);

/* Queues a copy of the bytes. connection_flush() or the loop writes them. */
void connection_write(struct connection *connection, const void *data, size_t len);
void connection_flush(struct connection *connection);

/* Ends our side once everything is written. */
void connection_half_close(struct connection *connection);

/* With `deaf`, reads nothing until a call without. */
void connection_set_deaf(struct connection *connection, bool deaf);

/* Reads about so many bytes, then nothing. */
void connection_sip(struct connection *connection, size_t bytes);

/* Closes the connection without calling its `end`. With `reset` the other side sees a reset. */
void connection_close(struct connection *connection, bool reset);

bool connection_is_open(const struct connection *connection);

#endif
