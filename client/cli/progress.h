/* progress: one line on a terminal about the state of a batch. Calls nobody. */
#ifndef TASKMASTER_CLIENT_CLI_PROGRESS_H
#define TASKMASTER_CLIENT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool enabled;
    bool shown;
    bool over_output;           /* stdout is a terminal too, probably the same */
    int64_t started, next_draw; /* see deadline.h */
    uint64_t total;             /* bytes of input; 0: not known */
};

struct progress_figures {
    uint64_t done, failed;
    size_t running;
    uint64_t bytes; /* of finished input */
};

/* Enabled if stderr is a terminal with cursor movement. The size of `input` gives the total. */
void progress_open(struct progress *progress, int input);

/* Draws, at most ten times a second. */
void progress_draw(struct progress *progress, const struct progress_figures *figures);

/* Clears the line, before another write to the terminal. */
void progress_hide(struct progress *progress);

/* Returns the milliseconds until the next draw; -1: never. */
int progress_wait_ms(const struct progress *progress);

#endif
