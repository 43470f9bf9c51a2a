/* job_progress: how far one job is, on standard error: a bar on a terminal, elsewhere a line for
 * each change. Above complain. */
#ifndef TASKMASTER_CLIENT_CLI_JOB_PROGRESS_H
#define TASKMASTER_CLIENT_CLI_JOB_PROGRESS_H

#include <stdbool.h>

struct job_progress {
    bool terminal;
    bool shown;     /* a bar is on the terminal */
    char text[512]; /* the last one */
};

void job_progress_open(struct job_progress *progress);

/* Shows a fraction from 0 to 1, and a message of the job, or NULL. */
void job_progress_show(struct job_progress *progress, double fraction, const char *message);

/* Clears the bar, before another write to the terminal. */
void job_progress_hide(struct job_progress *progress);

#endif
