/* module_refusal: see module_refusal.h. */
#include "jobs/module_refusal.h"

#include "base/hash.h"
#include "common/log.h"

enum {
    SAME_US = 60 * 1000000,
    OTHER_US = 1000000, /* for words with a number or a time in them, different each time */
};

static bool is_due(const struct module_refusal *refusal, uint64_t text, uint64_t now_us)
{
    uint64_t pause_us = text == refusal->text ? SAME_US : OTHER_US;
    return !refusal->logged || now_us - refusal->logged_us >= pause_us;
}

void module_refusal_log(struct module_refusal *refusal, const char *module, uint32_t worker,
                        const char *why, size_t why_len, uint64_t now_us)
{
    uint64_t text = siphash(why, why_len, 0);
    refusal->untold++;
    if (!is_due(refusal, text, now_us))
        return;
    log_event(LOG_ERROR, "module-unavailable", LOG_STR("module", module),
              LOG_UINT("worker", worker), LOG_UINT("jobs", refusal->untold),
              LOG_STRN("why", why, why_len));
    *refusal = (struct module_refusal){.logged = true, .text = text, .logged_us = now_us};
}
