/*
 * kept_claim: the next jobs of a module are handed to this node by a shared store: as many as the
 * master can begin soon, and no more, so that idle nodes have work. What comes free meanwhile is
 * claimed together afterwards.
 */
#include "queue/kept/kept_internal.h"

enum { CLAIM_BYTES = 1024 * 1024 }; /* of inputs; one job comes in any case */

/* No more wait, as far as is known: the store tells when some do. */
static void claimed(struct keep_op *op)
{
    static const struct kept_spot nowhere;
    struct kept_module *module = op->arg;
    size_t n = kept_held_take(op);
    module->window.is_taking = false;
    module->window.claimed = 0;
    kept_window_raise(module, n && !op->op.is_whole ? &nowhere : NULL);
}

static void claim(struct kept_module *module, size_t most)
{
    struct keep_op *op = kept_write_new(module->keep, STORE_CLAIM, claimed);
    op->op.module = module->name;
    op->op.max = most;
    op->op.max_bytes = CLAIM_BYTES;
    op->arg = module;
    module->window.is_taking = true;
    module->window.claimed = most;
    kept_write_post(op);
}

void kept_claim_look(struct kept_module *module)
{
    const struct kept_window *window = &module->window;
    size_t most;
    if (window->is_whole || window->is_taking || !kept_hand_has_place(module))
        return;
    most = kept_hand_places(module);
    if (most)
        claim(module, most);
}

void kept_claim_work(struct kept_module *module)
{
    kept_window_miss(module, (struct kept_spot){KEPT_PRIORITIES, 1});
}

void kept_claim_work_all(struct keep *keep)
{
    struct kept_module *module;
    TAILQ_FOREACH (module, &keep->all_modules, link)
        kept_claim_work(module);
}
