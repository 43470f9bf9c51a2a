/*
 * worker_late: connections of workers that ended before their hello was read.
 *
 * A worker that is killed while it starts, because a reload or the end of the server came in
 * between, has perhaps connected already, and its hello is read when its record is gone. That is no
 * stranger, of whom the log warns: a token of ours is known for a while longer. One that was killed
 * between its connect and its hello leaves a connection without a word; each such worker accounts
 * for one.
 */
#include "workers/workers_internal.h"

#include <string.h>

enum {
    LATE_US = 2000000, /* what was sent before a worker's end has been read by then */
};

static bool is_recent(const struct workers *workers, const struct worker_late *late)
{
    return late->worker && workers_timers(workers)->now_us - late->ended_us < LATE_US;
}

void worker_late_note(struct worker_link *link)
{
    struct workers *workers = link->workers;
    if (link->authenticated || link->late || !link->worker->pid)
        return;
    link->late = true;
    struct worker_late *late = &workers->late[workers->next_late++ % WORKERS_LATE];
    late->worker = link->worker->id;
    late->ended_us = workers_timers(workers)->now_us;
    memcpy(late->token, link->token, TOKEN_BYTES);
}

bool worker_late_is_hello(struct workers *workers, const struct wire_hello *hello)
{
    for (size_t i = 0; i < WORKERS_LATE; i++) {
        struct worker_late *late = &workers->late[i];
        if (is_recent(workers, late) && late->worker == hello->worker &&
            worker_token_equal(late->token, hello->token)) {
            late->worker = 0;
            return true;
        }
    }
    return false;
}

bool worker_late_is_silent(struct workers *workers)
{
    for (size_t i = 0; i < WORKERS_LATE; i++) {
        if (is_recent(workers, &workers->late[i])) {
            workers->late[i].worker = 0;
            return true;
        }
    }
    return false;
}
