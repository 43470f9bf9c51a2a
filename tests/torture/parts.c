/* parts: see parts.h. */
#include "parts.h"

#include "pattern.h"

static enum part_fault fault_of(const struct job_record *job, json_t *header, const char *payload,
                                size_t size)
{
    json_t *seq = json_object_get(header, "seq");
    if (!job_spec_streams(&job->spec))
        return PART_UNASKED;
    if (job->told)
        return PART_TOO_LATE;
    if (!json_is_integer(seq) || json_integer_value(seq) != job->parts)
        return PART_OUT_OF_ORDER;
    bool right = pattern_matches_from(payload, size, job->hash, job->part_bytes);
    return right ? PART_FINE : PART_CORRUPT;
}

void parts_take(struct job_record *job, json_t *header, const char *payload, size_t size)
{
    enum part_fault fault = fault_of(job, header, payload, size);
    if (!job->part_fault)
        job->part_fault = (uint8_t)fault;
    job->parts++;
    job->part_bytes += size;
}

const char *parts_fault_text(enum part_fault fault)
{
    static const char *const texts[] = {
        [PART_FINE] = "no fault",
        [PART_OUT_OF_ORDER] = "a part out of order",
        [PART_CORRUPT] = "a part with other bytes than the module's",
        [PART_TOO_LATE] = "a part behind the job's end",
        [PART_UNASKED] = "a part that was not asked for",
    };
    return texts[fault];
}
