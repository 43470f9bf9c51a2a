/* startup: prepares the worker's process before it connects to the master, and ties its life to the
 * master's. */
#ifndef TASKMASTER_WORKER_STARTUP_H
#define TASKMASTER_WORKER_STARTUP_H

#include "common/worker_page.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct startup {
    uint32_t worker; /* the worker's id */
    uint8_t token[TOKEN_BYTES];
    struct sockaddr_storage addr; /* the master's worker port */
    socklen_t addr_len;
    uint64_t nofile_soft;
    struct worker_limits limits;
    struct worker_shared *shared; /* shared with the master; mapped for good */
};

/* Arms SIGKILL for the master's death, whatever this process is doing then. Returns the master's
 * pid. Ends the process at once if the master is gone already, or never started this process. */
pid_t startup_follow_master(void);

/* Reads the master's page into `s`, wipes the token in the page and closes its descriptor. Ends the
 * process if there is no such page. The caller wipes s->token. */
void startup_take_page(struct startup *s);

/* Gives modules the conditions of a program started by hand: the master's original limit of open
 * files, and an environment without variables that steer the loader or libc. */
void startup_clean_process(const struct startup *s);

/*
 * To be called before the end: if modules have left children, waits for a moment. When the master
 * dies, its connection may close before its pipe does. If the worker ended in between, nothing
 * would kill the children in its process group any more. A live master kills the group itself.
 */
void startup_stay_for_children(void);

#endif
