/*
 * daemon: the process under test: its directory, its settings, its start, its log, its end.
 *
 * Programs and modules are copied into the directory, so that a build beside us changes nothing,
 * and whatever runs from there is ours and nobody else's.
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
    char *dir;    /* of this round, made for it */
    char *side;   /* the side file */
    char *config; /* the settings */
    char *log;    /* of all masters of the round */
    const struct plan *plan;
    uint32_t scale; /* deadlines are so many times as long: sanitizers are slow */
    pid_t pid;      /* 0: none runs */
    bool listening;
    struct sockaddr_in clients, workers; /* where it listens; the first is kept across restarts */
    char boot[32];
    struct loop_watch end_watch, log_watch;
    FILE *log_file;
    char *line; /* of the log, while it is not whole */
    size_t line_len, line_room;
    void *arg;
    void (*up)(void *arg);               /* it listens on both ports */
    void (*down)(void *arg, int status); /* it was reaped */
    void (*worker_started)(void *arg, pid_t pid);
};

/* `build`: where the programs are. */
void daemon_init(struct daemon *daemon, struct loop *loop, const struct plan *plan,
                 const char *build, uint32_t scale);

/* The directory stays, until it is removed by name. */
void daemon_free(struct daemon *daemon);
void daemon_remove(const char *dir);

/* Writes the settings; a running daemon reads them on SIGHUP. */
void daemon_write_config(struct daemon *daemon, const struct limits *limits, bool worker_broken);

/* Settings that are none. */
void daemon_write_bad_config(struct daemon *daemon, unsigned which);

void daemon_start(struct daemon *daemon);
void daemon_signal(struct daemon *daemon, int signo);

/* The limit of open files, now: `files` more than are open; 0 sets what it was before. */
void daemon_limit_files(struct daemon *daemon, int files);

/* True if somebody else has the port on which it listened before; then it is given up, and another
 * one is to be chosen. */
bool daemon_lost_port(struct daemon *daemon);

/* A worker of this daemon, as far as the kernel knows right now. */
bool daemon_owns(const struct daemon *daemon, pid_t pid);

#endif
