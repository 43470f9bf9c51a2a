/* kept_pause: nothing of a module, or nothing at all, is handed on at somebody's wish. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

struct wish {
    void (*answered)(void *arg, bool is_stored);
    void *arg;
    char *module;
};

static void set(struct keep *keep, const char *name, bool on)
{
    struct kept_module *module;
    if (!name) {
        keep->is_paused = on;
        kept_module_touch_all(keep);
        return;
    }
    module = kept_module_get(keep, name);
    module->is_paused = on;
    kept_touch_module(module);
}

/* A shared store may be away: then its own pauses, which it tells once it is back, are the truth.
 */
static void written(struct keep_op *op)
{
    struct wish *wish = op->arg;
    bool is_stored = op->op.status == STORE_OK;
    if (!is_stored)
        set(op->keep, wish->module, !op->op.on);
    if (wish->answered)
        wish->answered(wish->arg, is_stored);
    free(wish->module);
    free(wish);
}

void keep_pause(struct keep *keep, const char *module, bool on,
                void (*answered)(void *arg, bool is_stored), void *arg)
{
    struct keep_op *op = kept_write_new(keep, STORE_PAUSE, written);
    struct wish *wish = xcalloc(1, sizeof *wish);
    wish->answered = answered;
    wish->arg = arg;
    wish->module = module ? xstrdup(module) : NULL;
    op->arg = wish;
    op->op.module = wish->module;
    op->op.on = on;
    set(keep, module, on);
    kept_write_post(op);
}
