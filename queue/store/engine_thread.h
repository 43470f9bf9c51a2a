/*
 * engine_thread: a thread for what waits for a disk, and the way of operations there and back.
 *
 * The loop's side gathers operations, and hands them over at a flush. The thread works on them in
 * turns. It puts answered operations into a list, and wakes the loop by an eventfd.
 */
#ifndef TASKMASTER_QUEUE_STORE_ENGINE_THREAD_H
#define TASKMASTER_QUEUE_STORE_ENGINE_THREAD_H

#include "queue/store/engine.h"

#define ENGINE_THREAD_LOST    UINT32_MAX
#define ENGINE_THREAD_FOREVER (UINT32_MAX - 1)

/* One turn in the thread: takes operations off `todo`, does them, and puts the finished ones into
 * `answered`. The result is the time in ms until the next turn without a flush: 0 for at once. With
 * operations left in `todo`, the next turn comes then even if there is a flush. ENGINE_THREAD_LOST:
 * the store is lost, `why` has the reason, and the thread ends. */
typedef uint32_t engine_turn(void *arg, struct store_ops *todo, struct store_ops *answered,
                             char *why, size_t why_size);

struct engine_thread;

/* NULL with errno. `failed` is called in the loop, once, when the store is lost. */
struct engine_thread *engine_thread_start(struct event_base *base, engine_turn *turn, void *arg,
                                          void (*failed)(void *arg, const char *why),
                                          void *failed_arg);

void engine_thread_post(struct engine_thread *thread, struct store_op *op);
void engine_thread_flush(struct engine_thread *thread);

/* Waits for all operations, and for those that their `done` post. False if they do not end, or the
 * store is lost. */
bool engine_thread_finish(struct engine_thread *thread);

/* Ends the thread. Operations without an answer stay their owners'. */
void engine_thread_stop(struct engine_thread *thread);

#endif
