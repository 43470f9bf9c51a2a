/* event_kind: see event_kind.h. */
#include "event_kind.h"

#include <string.h>

static const struct tmc_event_kind kinds[] = {
    [TMC_EVENT_HELLO] = {"hello", TMC_EVENT_ANSWER, false},
    [TM_CLIENT_EVENT_ACCEPTED] = {"accepted", TMC_EVENT_ONCE, false},
    [TM_CLIENT_EVENT_STARTED] = {"started", TMC_EVENT_ONCE, false},
    [TM_CLIENT_EVENT_DONE] = {"done", TMC_EVENT_FINAL, false},
    [TM_CLIENT_EVENT_FAILED] = {"failed", TMC_EVENT_FINAL, false},
    [TM_CLIENT_EVENT_OVERLOAD] = {"overload", TMC_EVENT_FINAL, false},
    [TM_CLIENT_EVENT_ERROR] = {"error", TMC_EVENT_FINAL, false},
    [TM_CLIENT_EVENT_OK] = {"ok", TMC_EVENT_ANSWER, false},
    [TM_CLIENT_EVENT_PONG] = {"pong", TMC_EVENT_ANSWER, false},
    [TM_CLIENT_EVENT_STATS] = {"stats", TMC_EVENT_ANSWER, true},
    [TM_CLIENT_EVENT_WORKERS] = {"workers", TMC_EVENT_ANSWER, true},
    [TM_CLIENT_EVENT_CRASHES] = {"crashes", TMC_EVENT_ANSWER, true},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

const struct tmc_event_kind *tmc_event_kind_of(tm_client_event_type type)
{
    return (size_t)type < KIND_COUNT ? &kinds[type] : NULL;
}

bool tmc_event_kind_find(const char *name, tm_client_event_type *type)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *type = (tm_client_event_type)i;
            return true;
        }
    return false;
}
