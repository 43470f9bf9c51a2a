/* reports: see reports.h. */
#include "reports.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* The module's own message: "UID NUMBER", the number from 1. 0 for another one. */
static uint64_t number_of(json_t *header, uint32_t uid)
{
    uint64_t of = 0, number = 0;
    const char *message = json_string_value(json_object_get(header, "message"));
    if (!message || sscanf(message, "%" SCNu64 " %" SCNu64, &of, &number) != 2 || of != uid)
        return 0;
    return number;
}

static bool fraction_is_right(const struct job_record *job, json_t *header, uint64_t number)
{
    double fraction = json_number_value(json_object_get(header, "fraction"));
    return fabs(fraction - (double)number / (double)job->spec.a) < 0.00001;
}

static enum report_fault fault_of(const struct job_record *job, json_t *header, uint64_t number)
{
    if (!job->spec.notify_progress)
        return REPORT_UNASKED;
    if (job->told)
        return REPORT_TOO_LATE;
    if (!number || number > job->spec.a || !fraction_is_right(job, header, number))
        return REPORT_CORRUPT;
    return number > job->last_report ? REPORT_FINE : REPORT_OUT_OF_ORDER;
}

void reports_take(struct job_record *job, uint32_t uid, json_t *header)
{
    uint64_t number = number_of(header, uid);
    enum report_fault fault = fault_of(job, header, number);
    if (!job->report_fault)
        job->report_fault = (uint8_t)fault;
    job->reports++;
    job->last_report = number;
}

const char *reports_fault_text(enum report_fault fault)
{
    static const char *const texts[] = {
        [REPORT_FINE] = "no fault",
        [REPORT_OUT_OF_ORDER] = "a report behind a later one, or told twice",
        [REPORT_CORRUPT] = "a report of another job, or another than the module's",
        [REPORT_TOO_LATE] = "a report behind the job's end",
        [REPORT_UNASKED] = "a report that was not asked for",
    };
    return texts[fault];
}
