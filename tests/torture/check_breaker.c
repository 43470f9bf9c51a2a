/*
 * check_breaker: a breaker opens only for crashes, and lets a job try again after its pause.
 *
 * The side file tells when jobs began. The breaker was closed, or tried, when a job began that was
 * done in the end. So only crashes since then count.
 */
#include "checker.h"

#include <inttypes.h>

enum {
    CRASH_LATE_US = 1000000, /* a crash may reach its client after its effects on others */
    PROBE_LATE_US = 1500000, /* for a job to begin, beyond the breaker's pause */
    PAUSE_MAX_US = 60000000,
};

/* The module's jobs before some time. */
struct row {
    uint64_t done_us; /* when the last one began that was done */
    uint64_t last_us; /* when any began last */
    uint64_t crashes; /* since the done one, at most */
};

static bool may_have_crashed(const struct check *check, uint32_t uid)
{
    const struct event *end = check->jobs[uid].end;
    bool lost = end && end->type == EV_FAILED && end->code == REASON_ERROR;
    bool may_be_lost = command_table[check->history->jobs[uid].spec.command].may & MAY_BE_LOST;
    return lost || (may_be_lost && check->side->jobs[uid].starts);
}

static bool is_done(const struct check *check, uint32_t uid)
{
    return check->jobs[uid].end && check->jobs[uid].end->type == EV_DONE;
}

static bool is_of(const struct check *check, uint32_t uid, uint32_t other)
{
    const struct job_record *a = &check->history->jobs[uid], *b = &check->history->jobs[other];
    return a->epoch == b->epoch && a->spec.module == b->spec.module;
}

/* Jobs that began before the end of this one. */
static struct row row_before(const struct check *check, uint32_t uid)
{
    struct row row = {.crashes = 0};
    uint64_t end_us = check->jobs[uid].end_us;
    for (uint32_t i = 0; i < check->history->job_count; i++) {
        uint64_t start_us = check->side->jobs[i].start_us;
        if (!check->side->jobs[i].starts || start_us > end_us || !is_of(check, i, uid))
            continue;
        row.last_us = start_us > row.last_us ? start_us : row.last_us;
        if (is_done(check, i) && start_us > row.done_us)
            row.done_us = start_us;
    }
    return row;
}

static void count_crashes(const struct check *check, struct row *row, uint32_t uid,
                          uint64_t from_us)
{
    uint64_t to_us = check->jobs[uid].end_us + CRASH_LATE_US * check->scale;
    for (uint32_t i = 0; i < check->history->job_count; i++) {
        const struct known_job *job = &check->jobs[i];
        if (is_of(check, i, uid) && may_have_crashed(check, i) && job->submit_us < to_us &&
            (!job->end_us || job->end_us >= from_us))
            row->crashes++;
    }
}

bool check_breaker_may_be_open(const struct check *check, uint32_t uid)
{
    const struct life_rules *life = &check->plan->life;
    struct row row = row_before(check, uid);
    uint64_t window_us = life->breaker_window_ms * 1000ull + CRASH_LATE_US * check->scale;
    count_crashes(check, &row, uid, row.done_us > window_us ? row.done_us - window_us : 0);
    return life->breaker_crashes && row.crashes >= life->breaker_crashes;
}

/* The breaker's longest pause after these crashes: doubled by each one that opened it again. */
static uint64_t pause_us(const struct check *check, const struct row *row)
{
    uint64_t us = check->plan->life.breaker_pause_ms * 1000ull;
    for (uint64_t n = check->plan->life.breaker_crashes; n < row->crashes && us < PAUSE_MAX_US; n++)
        us *= 2;
    return us;
}

static void check_probe(const struct check *check, uint32_t uid)
{
    struct row row = row_before(check, uid);
    uint64_t end_us = check->jobs[uid].end_us;
    count_crashes(check, &row, uid, row.done_us);
    if (row.last_us && end_us - row.last_us > pause_us(check, &row) + PROBE_LATE_US * check->scale)
        check_tell_job(check, FINDING_INVENTED, uid,
                       "unavailable, though the module was to be tried again");
}

void check_breaker(const struct check *check)
{
    for (uint32_t uid = 0; uid < check->history->job_count; uid++) {
        const struct event *end = check->jobs[uid].end;
        if (check->history->jobs[uid].spec.module == MODULE_FRAIL && end &&
            end->type == EV_FAILED && end->code == REASON_UNAVAILABLE)
            check_probe(check, uid);
    }
}
