/*
 * session_live: a client's requests about live jobs in fuzz_session, and the account of their
 * answers.
 *
 * Each request has an id of its own, and is answered once. A monitor has the same text as its ref:
 * it tells no second end, and nothing behind its end.
 */
#ifndef TASKMASTER_FUZZ_SESSION_LIVE_H
#define TASKMASTER_FUZZ_SESSION_LIVE_H

#include "input.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { LIVE_MAX = 200, LIVE_TEXT_MAX = 256 };

struct live_request {
    unsigned char answers;
    bool refused, monitor, of_job, down;
    unsigned demonitor; /* the number of the monitor that it ends, plus 1; 0: none */
};

struct live {
    unsigned asked;
    struct live_request requests[LIVE_MAX];
};

/* Writes a request of the input's choice. `last_job`: the number of the server's last job. Returns
 * its length, 0 if there were enough. */
size_t live_ask(struct live *live, struct input *input, unsigned long last_job,
                char text[LIVE_TEXT_MAX]);

/* An event without a payload of a well-behaved client. */
void live_take(struct live *live, const char *name, const json_t *event);

/* All jobs have ended: each request is answered, and each monitor of a job is down. */
void live_check(const struct live *live);

#endif
