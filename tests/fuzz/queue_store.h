/* queue_store: what a killed process leaves on its disk. */
#ifndef TASKMASTER_FUZZ_QUEUE_STORE_H
#define TASKMASTER_FUZZ_QUEUE_STORE_H

#include "tests/unit/queue/kept/fake_engine.h"

/* Fills a new engine with what the other one has done so far. */
void queue_store_copy(struct engine *to, const struct engine *from);

#endif
