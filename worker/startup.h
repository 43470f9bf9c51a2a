/* startup: what a worker does about itself before it speaks to the master, and to end with it. */
#ifndef TASKMASTER_WORKER_STARTUP_H
#define TASKMASTER_WORKER_STARTUP_H

#include "common/worker_page.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct startup {
    uint32_t worker; /* the id that the master knows this worker by */
    uint8_t token[TOKEN_BYTES];
    struct sockaddr_storage addr; /* of the master's worker port */
    socklen_t addr_len;
    uint64_t nofile_soft;
    struct worker_shared *shared; /* the memory that the master shares; mapped for good */
};

/* Makes sure that this process ends with the master, whatever it is doing then; returns the
 * master's pid. Ends the process at once if the master is gone already, or if there is none. */
pid_t startup_follow_master(void);

/* Reads the page that the master left for this worker, wipes the token in it, and closes the
 * descriptors that only the start needs. Ends the process if there is no such page. */
void startup_take_page(struct startup *s);

/* Gives modules what a program started by hand would have: the master's original limit of open
 * files, and an environment that cannot turn the loader or libc against them. */
void startup_settle(const struct startup *s);

/*
 * Before the end: if modules have left children, stays a moment, in which a master that has died
 * takes all of them along. Its connection may close before its pipe does, and a group of which
 * nobody watches the pipe any more would be left behind. One that lives kills the group itself.
 */
void startup_stay_for_children(void);

#endif
