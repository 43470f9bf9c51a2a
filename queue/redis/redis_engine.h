/* redis_engine: jobs are kept in a Redis that many nodes share. doc/cluster.md is for operators. */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_ENGINE_H
#define TASKMASTER_QUEUE_REDIS_REDIS_ENGINE_H

#include "queue/store/engine.h"

extern const struct engine_ops redis_engine;

#endif
