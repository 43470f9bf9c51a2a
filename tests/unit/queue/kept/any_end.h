/* any_end: an end of a job as a master may tell it, for walks at random. */
#ifndef TASKMASTER_TESTS_ANY_END_H
#define TASKMASTER_TESTS_ANY_END_H

#include "base/payload.h"
#include "queue/kept/master.h"
#include "tests/unit/support.h"

static inline struct kept_end any_end(struct chance *chance, struct payload_budget *budget)
{
    static const char *const reasons[] = {
        "error",    "timeout",     "module",      "expired",        "too-large", "cancelled",
        "shutdown", "unavailable", "unavailable", "unknown-module", "something"};
    struct kept_end end = {.type = KEPT_END_DONE,
                           .reason = "",
                           .message = "m",
                           .fields = "",
                           .has_order = chance_percent(chance, 50),
                           .run_us = chance_below(chance, 20000),
                           .delay_ms = -1};
    if (chance_percent(chance, 60)) {
        end.result = chance_percent(chance, 50) ? payload_from(budget, "result", 6) : NULL;
        return end;
    }
    end.type = chance_percent(chance, 80)   ? KEPT_END_FAILED
               : chance_percent(chance, 80) ? KEPT_END_OVERLOAD
                                            : KEPT_END_ERROR;
    end.reason =
        reasons[chance_below(chance, chance_percent(chance, 5) ? SUPPORT_COUNT(reasons) : 6)];
    end.is_crash = chance_percent(chance, 50);
    end.retry_after_ms = chance_percent(chance, 50) ? chance_below(chance, 200) : 0;
    end.delay_ms = chance_percent(chance, 10) ? (int64_t)chance_below(chance, 1000) : -1;
    return end;
}

#endif
