/* check_reports: reports on progress are the job's own, in order, thinned out, and the latest one
 * is told. */
#include "checker.h"

#include "reports.h"

enum {
    PAUSE_US = 100000, /* between two reports told */
    MORE = 3,          /* the first one, the latest one, and one for the clocks */
};

/* Behind the last report, the module has written its finish. A stopped job ends before that. */
static bool has_all(const struct check *check, uint32_t uid)
{
    const struct event *end = check->jobs[uid].end;
    bool whole = end->type == EV_DONE || (end->type == EV_FAILED && end->code == REASON_ERROR);
    return whole && check->side->jobs[uid].finishes;
}

static bool is_thin(const struct check *check, uint32_t uid)
{
    uint64_t ran_us = check->jobs[uid].end_us - check->side->jobs[uid].start_us;
    return check->history->jobs[uid].reports <= ran_us / PAUSE_US + MORE;
}

static void judge(const struct check *check, uint32_t uid)
{
    const struct job_record *record = &check->history->jobs[uid];
    if (record->report_fault)
        check_tell_job(check, FINDING_CORRUPT, uid, reports_fault_text(record->report_fault));
    else if (record->reports && !check->side->jobs[uid].starts)
        check_tell_job(check, FINDING_CORRUPT, uid, "reports of a job that never began");
    else if (!record->spec.notify_progress || !check->jobs[uid].end)
        return;
    else if (!is_thin(check, uid))
        check_tell_job(check, FINDING_UNEXPECTED, uid, "more than ten reports a second");
    else if (record->light && has_all(check, uid) && record->last_report != record->spec.a)
        check_tell_job(check, FINDING_LOST, uid, "its latest report was not told");
}

void check_reports(const struct check *check)
{
    for (uint32_t uid = 0; uid < check->history->job_count; uid++)
        judge(check, uid);
}
