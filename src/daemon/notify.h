/*
 * notify: tells the service manager of the daemon's life, as sd_notify(3) does.
 *
 *     NOTIFY_STARTING --(listening; is_ready(), or the time for it is over)--> READY=1
 *     NOTIFY_READY    --(a reload)--> RELOADING=1, and READY=1 behind it
 *     NOTIFY_READY    --(the end is asked for)--> STOPPING=1
 *
 * STATUS= tells of a new status once a second at most. WATCHDOG=1 comes from the loop at half of
 * the manager's time limit: a loop that stands is noticed. Nothing waits: a message without room at
 * the manager is sent later. Without NOTIFY_SOCKET in the environment nothing happens.
 *
 * The protocol is a datagram of lines. So there is no need of libsystemd and its libraries.
 */
#ifndef TASKMASTER_DAEMON_NOTIFY_H
#define TASKMASTER_DAEMON_NOTIFY_H

#include "base/timers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
    NOTIFY_TEXT_MAX = 128,  /* of a message about the state */
    NOTIFY_STATUS_MAX = 96, /* of a status, its NUL included */
};

struct notify_ops {
    /* Beyond listening, the daemon is ready for its clients. NULL: there is nothing beyond. */
    bool (*is_ready)(void *arg);
    /* One line for people: "3 busy, 5 idle, 0 waiting". NULL: none. */
    void (*status)(void *arg, char text[NOTIFY_STATUS_MAX]);
};

enum notify_phase {
    NOTIFY_STARTING,
    NOTIFY_READY,
    NOTIFY_STOPPING,
};

struct notify {
    /* The daemon fills these in. */
    struct timers *timers;
    const struct notify_ops *ops;
    void *arg; /* for them */

    int fd; /* -1: there is no service manager */
    struct sockaddr_un to;
    socklen_t to_len;
    enum notify_phase phase;
    bool failed;                    /* the last message could not be sent at all */
    bool look_now;                  /* at the status, behind the work of this turn */
    char unsent[NOTIFY_TEXT_MAX];   /* the last message about the state, if it had no room */
    char status[NOTIFY_STATUS_MAX]; /* the last one sent */
    uint64_t look_us;               /* no look at the status before */
    uint64_t watchdog_us;           /* half of the manager's time limit; 0: none */
    struct timer start, again, look, watchdog;
};

/* Reads NOTIFY_SOCKET. To be called before any message. */
void notify_init(struct notify *notify);
void notify_free(struct notify *notify);

/* The daemon listens, and its loop begins. READY=1 waits for is_ready(), for `ready_ms` at most.
 * Reads WATCHDOG_USEC and WATCHDOG_PID. */
void notify_listening(struct notify *notify, uint32_t ready_ms);

/* Around a reload, whatever its outcome. */
void notify_reloading(struct notify *notify);
void notify_reloaded(struct notify *notify);

/* The end was asked for, and may take `within_ms`. Twice is fine. */
void notify_stopping(struct notify *notify, uint64_t within_ms);

/* To be called in each turn of the loop. */
void notify_turn(struct notify *notify);

#endif
