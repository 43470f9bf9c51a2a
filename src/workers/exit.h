/* worker_exit: the words for a worker's end, in the log and in the message of the lost job. */
#ifndef TASKMASTER_WORKERS_EXIT_H
#define TASKMASTER_WORKERS_EXIT_H

#include "jobs/dispatcher.h"
#include "workers/link.h"
#include "workers/post_mortem.h"

#include <stddef.h>

enum {
    WORKER_EXIT_TEXT_MAX = 4 * LINK_WHY_MAX, /* bytes of the sentence below */
};

/* Fills `end`, and puts everything known into one sentence, in `text`; `end->why` borrows it.
 * `status` is the wait status, or NULL as long as the process is not reaped. */
void worker_exit_describe(const struct worker_link *link, const int *status,
                          struct worker_exit *end, char text[WORKER_EXIT_TEXT_MAX]);

/* Reads the worker's post-mortem, if it has one. Without a wait status it has none. */
void worker_exit_examine(const struct worker_link *link, const int *status,
                         struct post_mortem *crash);

/* Logs the loss of a worker that nobody wanted to end, or that does not end, as worker-lost. Logs
 * the end of every reaped worker as worker-ended, with the reason from its record; the rest of the
 * words only if no worker-lost has just told them. `crash` may be NULL. */
void worker_exit_log(struct worker_link *link, const int *status, const char *why,
                     const struct post_mortem *crash);

#endif
