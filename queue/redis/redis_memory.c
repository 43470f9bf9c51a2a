/* redis_memory: the memory of Redis, asked for now and then: an operator sees it fill up. */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/scripts.h"

enum { EACH_MS = 5000 };

/* Items of the answer. */
enum { STATUS, USED, MAX };

static void told(void *arg, const struct redis_answer *answer)
{
    struct redis_memory *memory = &((struct engine *)arg)->memory;
    memory->is_asking = false;
    if (answer->end != REDIS_ANSWERED)
        return;
    memory->bytes = redis_reply_number_at(answer->reply, USED);
    memory->bytes_max = redis_reply_number_at(answer->reply, MAX);
}

void redis_memory_look(struct engine *engine)
{
    static const struct redis_call_kind kind = {.done = told, .has_deadline = true};
    struct redis_memory *memory = &engine->memory;
    if (memory->is_asking || redis_now_us() < memory->next_us)
        return;
    memory->is_asking = true;
    memory->next_us = redis_now_us() + EACH_MS * 1000ull;
    redis_call_post(
        redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_MEMORY], engine->node.epoch),
        &kind, engine);
}
