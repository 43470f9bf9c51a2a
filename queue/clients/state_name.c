/* queue_state: see state_name.h. */
#include "queue/clients/state_name.h"

const char *const queue_state_words[] = {
    "waiting", "delayed", "handed", "running", "stopping", "done", "failed", NULL,
};

const char *const queue_state_unfinished[] = {
    "waiting", "delayed", "handed", "running", "stopping", NULL,
};

/* Another node claims what its master can begin soon, and does not tell of each begin. */
static enum queue_state_word of_elsewhere(const struct stored_job *stored)
{
    switch ((enum stored_state)stored->run.state) {
    case STORED_DELAYED:
        return STATE_DELAYED;
    case STORED_HANDED:
        return stored->run.is_cancelled ? STATE_STOPPING : STATE_RUNNING;
    case STORED_ENDED:
        return stored->outcome.is_done ? STATE_DONE : STATE_FAILED;
    default:
        return STATE_WAITING;
    }
}

enum queue_state_word queue_state_of(enum kept_state state, const struct stored_job *stored)
{
    switch (state) {
    case KEPT_DELAYED:
        return STATE_DELAYED;
    case KEPT_HANDED:
        return stored->run.is_cancelled ? STATE_STOPPING : STATE_HANDED;
    case KEPT_RUNNING:
        return stored->run.is_cancelled ? STATE_STOPPING : STATE_RUNNING;
    case KEPT_ELSEWHERE:
        return of_elsewhere(stored);
    case KEPT_ENDED:
        return stored->outcome.is_done ? STATE_DONE : STATE_FAILED;
    default:
        return STATE_WAITING;
    }
}

/* Without a record here, a handed one is at another node. */
enum queue_state_word queue_state_of_stored(const struct stored_job *stored)
{
    return of_elsewhere(stored);
}

unsigned queue_state_stored(enum queue_state_word word)
{
    static const unsigned states[] = {
        [STATE_WAITING] = 1u << STORED_WAITING, [STATE_DELAYED] = 1u << STORED_DELAYED,
        [STATE_HANDED] = 1u << STORED_HANDED,   [STATE_RUNNING] = 1u << STORED_HANDED,
        [STATE_STOPPING] = 1u << STORED_HANDED, [STATE_DONE] = 1u << STORED_ENDED,
        [STATE_FAILED] = 1u << STORED_ENDED,
    };
    return states[word];
}
