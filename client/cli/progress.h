/* progress: one line on a terminal that says how far a batch is. */
#ifndef TASKMASTER_CLIENT_CLI_PROGRESS_H
#define TASKMASTER_CLIENT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool enabled;
    bool shown;
    bool over_output;           /* stdout is a terminal, too, most likely the same */
    int64_t started, next_draw; /* see deadline.h */
    uint64_t total;             /* bytes of input; 0: not known */
};

struct progress_figures {
    uint64_t done, failed;
    size_t running;
    uint64_t bytes; /* of input that is dealt with */
};

/* Enabled if stderr is a terminal that knows its cursor. `input` is looked at for its size. */
void progress_open(struct progress *progress, int input);

/* Draws, at most ten times a second. */
void progress_draw(struct progress *progress, const struct progress_figures *figures);

/* Clears the line, before something else is written to the terminal. */
void progress_hide(struct progress *progress);

/* Milliseconds until the next draw is due; -1: none ever. */
int progress_wait_ms(const struct progress *progress);

#endif
