/* engines: the engines that kept jobs can be stored by. */
#ifndef TASKMASTER_QUEUE_ENGINES_H
#define TASKMASTER_QUEUE_ENGINES_H

#include "queue/store/engine.h"
#include "queue/store/settings.h"

/* The table of an engine. */
const struct engine_ops *engines_find(enum store_engine engine);

/* What an operator can do about a store that cannot be opened, or is lost. */
const char *engines_hint_unopened(const struct engine_ops *ops);
const char *engines_hint_failed(const struct engine_ops *ops);

#endif
