/* kept_hold: nothing of a module is handed on for a time: the master has no place for its jobs, or
 * the module is not to be had. Afterwards one job tries. */
#include "queue/kept/kept_internal.h"

#include <string.h>

enum {
    OVERLOAD_MIN_MS = 50,
    FIRST_MS = 1000,
    MOST_MS = 60000,
    LASTING_MS = 1000,
    BUSY_FIRST_MS = 50,
    BUSY_MOST_MS = 1000,
};

static bool is_held(const struct kept_module *module)
{
    return kept_now_us(module->keep) < module->hold.until_us;
}

static void hold(struct kept_module *module, uint64_t ms)
{
    struct kept_hold *hold = &module->hold;
    hold->is_probing = true;
    hold->is_busy = false;
    hold->until_us = kept_now_us(module->keep) + ms * 1000;
    timer_set(module->keep->parts.timers, &hold->over, hold->until_us);
}

void kept_hold_overload(struct kept_module *module, uint64_t retry_after_ms)
{
    uint64_t ms = retry_after_ms > OVERLOAD_MIN_MS ? retry_after_ms : OVERLOAD_MIN_MS;
    if (kept_now_us(module->keep) + ms * 1000 > module->hold.until_us)
        hold(module, ms);
}

void kept_hold_busy(struct kept_module *module)
{
    struct kept_hold *held = &module->hold;
    uint64_t ms = (uint64_t)BUSY_FIRST_MS << (held->waits < 5 ? held->waits : 5);
    if (is_held(module))
        return;
    held->waits++;
    hold(module, ms < BUSY_MOST_MS ? ms : BUSY_MOST_MS);
    held->is_busy = true;
}

void kept_hold_worker_is_free(struct kept_module *module)
{
    struct kept_hold *held = &module->hold;
    held->waits = 0;
    if (!held->is_busy)
        return;
    held->is_busy = false;
    held->until_us = 0;
    kept_touch_module(module);
}

static void tell_held(const struct kept_module *module, uint64_t ms)
{
    if (!log_limit_allows(&module->keep->held_lines))
        return;
    log_event(LOG_WARN, "module-held", LOG_STR("module", module->name),
              LOG_STR("reason", module->hold.reason), LOG_UINT("ms", ms));
}

/* hold-max-ms is over. */
static void tell_given_up(struct kept_module *module, const struct kept_end *end)
{
    if (module->hold.is_given_up || !log_limit_allows(&module->keep->held_lines))
        return;
    module->hold.is_given_up = true;
    log_event(LOG_ERROR, "module-given-up", LOG_STR("module", module->name),
              LOG_STR("reason", end->reason), LOG_UINT("waiting", module->counts.waiting),
              LOG_STR("hint", "its jobs fail now; once it runs, a retry brings them back"));
}

/* A pause that doubles with each one in a row. */
static uint64_t pause_ms(const struct kept_hold *hold)
{
    uint64_t ms = hold->times < 6 ? (uint64_t)FIRST_MS << hold->times : MOST_MS;
    return ms < MOST_MS ? ms : MOST_MS;
}

static void hold_again(struct kept_module *module, const struct kept_end *end)
{
    struct kept_hold *held = &module->hold;
    uint64_t ms = end->retry_after_ms ? end->retry_after_ms : pause_ms(held);
    strncpy(held->reason, end->reason, sizeof held->reason - 1);
    hold(module, ms);
    held->next_us = held->until_us;
    if (!held->times++)
        tell_held(module, ms);
}

bool kept_hold_is_past(const struct kept_module *module)
{
    const struct kept_hold *hold = &module->hold;
    return !hold->since_us || kept_now_us(module->keep) >= hold->next_us + MOST_MS * 1000ull;
}

/* The first trouble, or another one: no job has tried for so long, as there was none, or nothing
 * was handed on. */
static bool is_new(const struct kept_hold *hold, uint64_t now_us, uint64_t max_us)
{
    return !hold->since_us || now_us >= hold->next_us + max_us + MOST_MS * 1000ull;
}

static bool is_for_too_long(struct kept_module *module)
{
    struct kept_hold *hold = &module->hold;
    uint64_t now_us = kept_now_us(module->keep);
    uint64_t max_us = module->keep->settings.hold_max_ms * 1000ull;
    if (is_new(hold, now_us, max_us)) {
        hold->since_us = now_us ? now_us : 1;
        hold->times = 0;
        hold->is_given_up = false;
    }
    return now_us - hold->since_us >= max_us;
}

bool kept_hold_unavailable(struct kept_module *module, const struct kept_end *end)
{
    struct kept_hold *hold = &module->hold;
    hold->begun_us = 0;
    if (is_for_too_long(module)) {
        tell_given_up(module, end);
        return false;
    }
    if (!is_held(module) || !hold->reason[0])
        hold_again(module, end);
    return true;
}

static void admit(struct kept_module *module)
{
    module->hold.is_probing = false;
    kept_touch_module(module);
}

/* A module in trouble is loaded only now: a run that lasts is a good sign. */
void kept_hold_admitted(struct kept_module *module)
{
    struct kept_hold *hold = &module->hold;
    kept_hold_worker_is_free(module);
    if (!hold->is_probing)
        return;
    if (!hold->since_us) {
        admit(module);
        return;
    }
    hold->begun_us = kept_now_us(module->keep);
    if (!is_held(module))
        timer_set_ms(module->keep->parts.timers, &hold->over, LASTING_MS);
}

uint64_t kept_hold_most(const struct kept_module *module)
{
    const struct kept_hold *hold = &module->hold;
    if (!hold->is_probing)
        return UINT64_MAX;
    if (!hold->begun_us)
        return 1;
    return kept_now_us(module->keep) < hold->begun_us + LASTING_MS * 1000ull ? 0 : UINT64_MAX;
}

static void tell_back(const struct kept_module *module)
{
    if (log_limit_allows(&module->keep->back_lines))
        log_event(LOG_INFO, "module-back", LOG_STR("module", module->name));
}

void kept_hold_success(struct kept_module *module)
{
    struct kept_hold *hold = &module->hold;
    admit(module);
    if (!hold->since_us)
        return;
    tell_back(module);
    hold->since_us = 0;
    hold->times = 0;
    hold->until_us = 0;
    hold->is_given_up = false;
    hold->reason[0] = '\0';
}

void kept_hold_forget(struct kept_module *module)
{
    module->hold.until_us = 0;
    module->hold.times = 0;
    kept_touch_module(module);
}
