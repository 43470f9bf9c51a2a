/*
 * daemon: what this machine knows of one of our daemons: its process, and its settings in force.
 *
 * A process may call itself as it likes, and the caller may be root. So the program that prints the
 * settings is the one beside this command, never the one that the process names; and root takes the
 * arguments of a process only if it runs that very program.
 */
#ifndef TASKMASTER_CLIENT_LOCAL_DAEMON_H
#define TASKMASTER_CLIENT_LOCAL_DAEMON_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct local_daemon {
    const char *name; /* "taskmasterd"; static */
    pid_t pid;        /* 0: no process on this machine, as far as known */
    char *program;    /* owned; NULL: not found */
    char *file;       /* owned; its configuration file; NULL: none, or not known */
    json_t *settings; /* owned; in force, as printed by -T; NULL: not known. Paths are absolute if
                         the directory of the process is known */
    char *refusal;    /* owned; why a running daemon's file would be refused now; NULL: it is not */
};

/* Finds the daemon `name`. `pid` is its process by its own word; 0: not known. A process that is
 * not on this machine is left out. Ends with local_daemon_close() in any case. */
void local_daemon_open(struct local_daemon *daemon, const char *name, pid_t pid);

void local_daemon_close(struct local_daemon *daemon);

/* Returns the words of the daemon's own check (-t); `*status` as of file_read_program(). NULL: its
 * configuration file is not the one of this machine, or not known. To be freed. */
char *local_daemon_check(const struct local_daemon *daemon, int *status);

/* Returns the number of the process's user; -1 without a process. */
long local_daemon_user(const struct local_daemon *daemon);

/* Returns the text of a setting; NULL if it is none, or not known. */
const char *local_daemon_text(const struct local_daemon *daemon, const char *key);

/* True if the server at this address is on this machine: a unix socket, or loopback. */
bool local_daemon_is_here(const char *address);

#endif
