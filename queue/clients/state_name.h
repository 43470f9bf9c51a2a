/* state_name: where a kept job is, in the words of the protocol. */
#ifndef TASKMASTER_QUEUE_CLIENTS_STATE_NAME_H
#define TASKMASTER_QUEUE_CLIENTS_STATE_NAME_H

#include "queue/kept/kept.h"

/* The words, in the order of enum queue_state_word, then NULL; those of unfinished jobs alone. */
extern const char *const queue_state_words[];
extern const char *const queue_state_unfinished[];

enum queue_state_word {
    STATE_WAITING,
    STATE_DELAYED,
    STATE_HANDED,
    STATE_RUNNING,
    STATE_STOPPING, /* handed or running, and a cancel was asked for */
    STATE_DONE,
    STATE_FAILED,
};

enum queue_state_word queue_state_of(enum kept_state state, const struct stored_job *stored);

/* Of a job that is not in memory. */
enum queue_state_word queue_state_of_stored(const struct stored_job *stored);

/* The store's states, as bits, among which jobs of this word are. */
unsigned queue_state_stored(enum queue_state_word word);

#endif
