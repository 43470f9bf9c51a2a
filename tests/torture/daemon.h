/*
 * daemon: the process under test: its directory, its settings, its start, its log, its end.
 *
 * Programs and modules are copied into the directory: a build beside the round changes nothing, and
 * every process from there is the round's own.
 */
#ifndef TORTURE_DAEMON_H
#define TORTURE_DAEMON_H

#include "loop.h"
#include "plan.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct daemon {
    struct loop *loop;
    char *dir;        /* made for this round */
    char *side;       /* the side file */
    char *queue_side; /* of taskqueued's jobs */
    char *config;     /* the settings */
    char *log;        /* of all masters of the round */
    const struct plan *plan;
    uint32_t scale; /* factor of all deadlines: sanitizers are slow */
    pid_t pid;      /* 0: none runs */
    bool listening;
    struct sockaddr_in clients, workers; /* its addresses; the first is kept across restarts */
    char boot[32];
    struct loop_watch end_watch, log_watch;
    FILE *log_file;
    char *line; /* the log's last line, while it is not whole */
    size_t line_len, line_room;
    void *arg;
    void (*up)(void *arg);               /* it listens on both ports */
    void (*down)(void *arg, int status); /* it was reaped */
    void (*worker_started)(void *arg, pid_t pid);
};

/* `build`: the directory of the programs. */
void daemon_init(struct daemon *daemon, struct loop *loop, const struct plan *plan,
                 const char *build, uint32_t scale);

/* Keeps the directory. */
void daemon_free(struct daemon *daemon);
void daemon_remove(const char *dir);

/* Writes the settings. A running daemon reads them on SIGHUP. */
void daemon_write_config(struct daemon *daemon, const struct layout *layout, bool worker_broken);

/* Writes invalid settings. */
void daemon_write_bad_config(struct daemon *daemon, unsigned which);

void daemon_start(struct daemon *daemon);
void daemon_signal(struct daemon *daemon, int signo);

/* Sets the limit of open files to `files` more than are open now; 0 restores the old limit. */
void daemon_limit_files(struct daemon *daemon, int files);

/* True if another process has the port of the earlier masters. The port is then given up, and the
 * next master chooses another. */
bool daemon_lost_port(struct daemon *daemon);

/* Whether the kernel knows `pid` as a worker of this daemon right now. */
bool daemon_owns(const struct daemon *daemon, pid_t pid);

#endif
