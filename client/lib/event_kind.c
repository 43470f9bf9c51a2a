/* event_kind: see event_kind.h. */
#include "event_kind.h"

#include <string.h>

static const struct tmc_event_kind kinds[] = {
    [TM_CLIENT_EVENT_OTHER] = {"", TMC_EVENT_ANSWER, true},
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
    [TM_CLIENT_EVENT_HELLO] = {"hello", TMC_EVENT_ANSWER, false},
    [TM_CLIENT_EVENT_PROGRESS] = {"progress", TMC_EVENT_OFTEN, false},
    [TM_CLIENT_EVENT_PART] = {"part", TMC_EVENT_OFTEN, false},
    [TM_CLIENT_EVENT_DOWN] = {"down", TMC_EVENT_NEWS, false},
    [TM_CLIENT_EVENT_SERVICE] = {"service", TMC_EVENT_NEWS, false},
    [TM_CLIENT_EVENT_WORKER] = {"worker", TMC_EVENT_NEWS, false},
    [TM_CLIENT_EVENT_WATCH] = {"watch", TMC_EVENT_NEWS, false},
    [TM_CLIENT_EVENT_DRAINING] = {"draining", TMC_EVENT_NEWS, false},
    [TM_CLIENT_EVENT_STATUS] = {"status", TMC_EVENT_ANSWER, true},
    [TM_CLIENT_EVENT_JOBS] = {"jobs", TMC_EVENT_ANSWER, true},
    [TM_CLIENT_EVENT_PEEK] = {"peek", TMC_EVENT_ANSWER, false},
    [TM_CLIENT_EVENT_CLIENTS] = {"clients", TMC_EVENT_ANSWER, true},
    [TM_CLIENT_EVENT_MODULES] = {"modules", TMC_EVENT_ANSWER, true},
    [TM_CLIENT_EVENT_SERVICES] = {"services", TMC_EVENT_ANSWER, true},
    [TM_CLIENT_EVENT_RETRY] = {"retry", TMC_EVENT_OFTEN, false},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

const struct tmc_event_kind *tmc_event_kind_of(tm_client_event_type type)
{
    return (size_t)type < KIND_COUNT ? &kinds[type] : NULL;
}

tm_client_event_type tmc_event_kind_find(const char *name)
{
    for (size_t i = TM_CLIENT_EVENT_OTHER + 1; i < KIND_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return (tm_client_event_type)i;
    return TM_CLIENT_EVENT_OTHER;
}
