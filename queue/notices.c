/* notices: see notices.h. */
#include "queue/notices.h"

#include "queue/report.h"

#include <inttypes.h>
#include <stdio.h>

static void write_status(void *arg, char text[NOTIFY_STATUS_MAX])
{
    const struct queue_report *report = arg;
    const struct keep_counts *counts = keep_counts(report->keeping->keep);
    snprintf(text, NOTIFY_STATUS_MAX,
             "%" PRIu64 " with the master, %" PRIu64 " waiting, %" PRIu64 " delayed%s%s",
             counts->handed, counts->waiting, counts->delayed,
             master_link_view(report->keeping->link).is_up ? "" : "; the master is away",
             keep_is_up(report->keeping->keep) ? "" : "; the store is away");
}

/* Jobs are kept without a master, too: the store is all that must be there. A shared one may come
 * later: submits are refused until then. */
const struct notify_ops queue_notices = {NULL, write_status};
