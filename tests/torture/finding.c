/* finding: see finding.h. */
#include "finding.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { TOLD_MAX = 5 };

static const char *const names[FINDING_KINDS] = {
    [FINDING_LOST] = "lost",
    [FINDING_DUPLICATE] = "duplicate",
    [FINDING_UNEXPECTED] = "unexpected",
    [FINDING_CORRUPT] = "corrupt",
    [FINDING_INVENTED] = "invented-failure",
    [FINDING_FALSE_OVERLOAD] = "false-overload",
    [FINDING_ORDER] = "order",
    [FINDING_BOUNDS] = "bounds",
    [FINDING_CONSERVATION] = "conservation",
    [FINDING_HANG] = "hang",
    [FINDING_SPIN] = "spin",
    [FINDING_DRIFT] = "drift",
    [FINDING_DIED] = "died",
};

const char *finding_name(enum finding_kind kind)
{
    return names[kind];
}

int finding_add(struct findings *findings, enum finding_kind kind, const char *fmt, ...)
{
    va_list args;
    findings->total++;
    if (++findings->counts[kind] > TOLD_MAX)
        return 0;
    printf("finding %s: ", names[kind]);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf(" (seed %016" PRIx64 ", see %s)\n", findings->seed, findings->where);
    return 1;
}

void finding_evidence(const char *line)
{
    printf("    %s\n", line);
}
