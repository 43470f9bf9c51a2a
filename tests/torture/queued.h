/* queued: the process of taskqueued: its settings, its start, its signals, its end. Its store and
 * its files are in the round's directory; the program is the one that the build had when the round
 * began. */
#ifndef TORTURE_QUEUED_H
#define TORTURE_QUEUED_H

#include "loop.h"

#include <sys/types.h>

struct queued {
    struct loop *loop;
    char *socket, *wire; /* where it listens; where it finds its master */
    char *config, *log;
    int program; /* descriptor of the binary */
    pid_t pid;   /* 0: none runs */
    struct loop_watch end_watch;
    void *arg;
    void (*down)(void *arg, int status); /* it was reaped */
};

void queued_init(struct queued *queued, struct loop *loop, const char *dir, const char *build);
void queued_start(struct queued *queued);
void queued_signal(const struct queued *queued, int signo);

/* Ends the process at once, without a call of `down`. */
void queued_free(struct queued *queued);

/* A connection to it; -1: it does not listen. */
int queued_connect(const struct queued *queued);

#endif
