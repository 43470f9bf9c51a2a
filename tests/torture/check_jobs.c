/* check_jobs: every job ends once, rightly, and for a reason. */
#include "checker.h"

#include "parts.h"

#include <signal.h>
#include <stdio.h>

enum {
    QUEUE_OPEN_MAX = 64,     /* jobs of taskqueued at the master */
    LATE_US = 25000000,      /* no job takes so long in any case */
    KILL_EARLY_US = 2000000, /* a job may go to a worker killed this long before */
    LIMIT_LATE_US = 4000000, /* beyond a time limit and the steps of stopping */
    WORD_US = 62000000,      /* a fresh worker's refusal may reach clients for so long */
    TROUBLE_US = 12000000,   /* jobs may be unavailable for so long after a failed start */
};

struct judge {
    const struct check *check;
    uint32_t uid;
    const struct job_record *record;
    const struct known_job *job;
    const struct known_conn *conn;
    const struct known_epoch *epoch;
    const struct side_job *side;
};

static void tell(const struct judge *judge, enum finding_kind kind, const char *what)
{
    check_tell_job(judge->check, kind, judge->uid, what);
}

static unsigned may(const struct judge *judge, unsigned what)
{
    return command_table[judge->record->spec.command].may & what;
}

/* --- no end --- */

/* By the harness's knowledge, the daemon must have read the whole submit. */
static bool must_have_ended(const struct judge *judge)
{
    const struct known_conn *conn = judge->conn;
    if (!conn->over || conn->end_us >= judge->check->stuck_us)
        return true;
    if (conn->end == END_ASKED || conn->end == END_LOST)
        return judge->record->end_offset <= conn->written;
    if (conn->end == END_EPOCH && judge->epoch->end == EPOCH_DRAINED)
        return judge->job->first_us || conn->last_told > judge->uid + 1;
    return false;
}

static void judge_open(const struct judge *judge)
{
    if (must_have_ended(judge))
        tell(judge, FINDING_LOST, "no terminal event");
}

/* --- done --- */

static void judge_done(const struct judge *judge)
{
    const struct event *end = judge->job->end;
    const struct side_job *side = judge->side;
    if (!may(judge, MAY_BE_DONE))
        tell(judge, FINDING_CORRUPT, "done, but this job cannot be done");
    else if (side->starts != 1 || side->finishes != 1 || side->start_pid != side->finish_pid)
        tell(judge, FINDING_CORRUPT, "done without exactly one start and one finish");
    else if (side->hash != judge->record->hash)
        tell(judge, FINDING_CORRUPT, "the module saw another payload");
    else if (end->c != judge->record->hash || !(end->seen & SEEN_INTACT) ||
             (size_t)end->pid != job_spec_result_size(&judge->record->spec))
        tell(judge, FINDING_CORRUPT, "a wrong result");
    else if (!end->a)
        tell(judge, FINDING_CORRUPT, "done without an order");
}

/* --- failed --- */

static bool was_killed(const struct judge *judge)
{
    const struct check *check = judge->check;
    uint64_t early = KILL_EARLY_US * check->scale;
    for (size_t i = 0; i < check->kill_count; i++)
        if (check->kills[i].pid == judge->job->end->pid &&
            check->kills[i].t_us + early >= judge->job->submit_us &&
            check->kills[i].t_us <= judge->job->end_us)
            return true;
    return false;
}

/* The end of the worker as caused by the job: the signal, or -1 - status; 0: unknown. */
static int own_end(const struct job_spec *spec)
{
    switch (spec->command) {
    case CMD_SIGNAL:
        return (int)spec->a;
    case CMD_EXIT:
    case CMD_QUICK_EXIT:
        return -1 - (int)spec->a;
    case CMD_FORK_HOLD:
    case CMD_DIE_SENDING:
    case CMD_STREAM_DIE:
    case CMD_PROGRESS_DIE:
        return SIGKILL;
    case CMD_CONSTRUCTOR:
        return SIGABRT;
    default:
        return 0;
    }
}

static void judge_loss(const struct judge *judge)
{
    const struct event *end = judge->job->end;
    int own = own_end(&judge->record->spec);
    if (!end->pid)
        tell(judge, FINDING_CORRUPT, "the failure names no worker");
    else if (judge->side->starts && judge->side->start_pid != end->pid)
        tell(judge, FINDING_CORRUPT, "the failure names another worker than the job's");
    else if (was_killed(judge))
        return;
    else if (!may(judge, MAY_BE_LOST))
        tell(judge, FINDING_INVENTED, "a loss without a fault on that worker");
    else if (own && end->how != own)
        tell(judge, FINDING_CORRUPT, "the failure tells another end than the worker's");
}

static void judge_timeout(const struct judge *judge)
{
    const struct job_spec *spec = &judge->record->spec;
    uint64_t took_us = judge->job->end_us - judge->job->submit_us;
    uint32_t least_ms = spec->soft_timeout_ms ? spec->soft_timeout_ms : spec->timeout_ms;
    if (!least_ms)
        tell(judge, FINDING_INVENTED, "a timeout without a time limit");
    else if (took_us < least_ms * 1000ull)
        tell(judge, FINDING_INVENTED, "a timeout before its time");
}

static void judge_cancelled(const struct judge *judge)
{
    const struct known_job *job = judge->job;
    bool tied = judge->record->spec.link && (!judge->conn->over || judge->conn->shut);
    bool stalled = job_spec_streams(&judge->record->spec) && judge->record->may_stall;
    if (!tied && !stalled && !check_selects_met(judge->check, judge->uid, job->end_us) &&
        (!job->cancel_us || job->cancel_us > job->end_us))
        tell(judge, FINDING_INVENTED, "cancelled by nobody");
}

/* Events do not name the refusing worker. All the harness can know is whether one had been asked.
 */
static bool has_word(const struct judge *judge)
{
    const struct check *check = judge->check;
    for (size_t i = 0; i < check->word_count; i++)
        if (check->words[i] <= judge->job->end_us &&
            check->words[i] + WORD_US * check->scale >= judge->job->end_us)
            return true;
    return false;
}

static void judge_unavailable(const struct judge *judge)
{
    const struct check *check = judge->check;
    bool trouble = may(judge, MAY_BE_UNAVAILABLE) ||
                   (may(judge, MAY_BE_REFUSED) && has_word(judge)) ||
                   check_breaker_may_be_open(check, judge->uid);
    for (size_t i = 0; i < check->start_trouble_count && !trouble; i++)
        trouble = check->start_troubles[i] <= judge->job->end_us &&
                  check->start_troubles[i] + TROUBLE_US * check->scale >= judge->job->end_us;
    if (!trouble)
        tell(judge, FINDING_INVENTED, "unavailable without a reason");
    else if (judge->side->starts)
        tell(judge, FINDING_CORRUPT, "unavailable, but begun");
}

/* The pool's limit; of an unknown pool, any limit of a possible one. */
static bool has_expired(const struct judge *judge, uint8_t pool)
{
    const struct known_job *job = judge->job;
    uint64_t limit_us = judge->check->plan->rules[pool].max_wait_ms * 1000ull;
    return limit_us && job->end_us - job->submit_us >= limit_us &&
           check_may_be_in(judge->check, judge->record->spec.module, pool, job->submit_us,
                           job->end_us);
}

static void judge_expired(const struct judge *judge)
{
    const struct known_job *job = judge->job;
    uint64_t own_us = judge->record->spec.max_wait_ms * 1000ull;
    bool by_own = own_us && job->end_us - job->submit_us >= own_us;
    uint8_t pool = 0;
    while (pool < PLAN_POOLS && !has_expired(judge, pool))
        pool++;
    if (pool == PLAN_POOLS && !by_own)
        tell(judge, FINDING_INVENTED, "expired without a limit, or before its time");
    else if (judge->side->starts)
        tell(judge, FINDING_CORRUPT, "expired, but begun");
}

static void judge_shutdown(const struct judge *judge)
{
    if (!judge->epoch->drain_us || judge->epoch->drain_us > judge->job->end_us)
        tell(judge, FINDING_INVENTED, "shutdown without a shutdown");
}

static void judge_failed(const struct judge *judge)
{
    switch (judge->job->end->code) {
    case REASON_ERROR:
        judge_loss(judge);
        break;
    case REASON_MODULE:
        if (!may(judge, MAY_FAIL))
            tell(judge, FINDING_INVENTED, "the module did not report a failure");
        break;
    case REASON_TIMEOUT:
        judge_timeout(judge);
        break;
    case REASON_CANCELLED:
        judge_cancelled(judge);
        break;
    case REASON_UNKNOWN_MODULE:
        if (!may(judge, MAY_BE_UNKNOWN))
            tell(judge, FINDING_INVENTED, "the module is there");
        break;
    case REASON_UNAVAILABLE:
        judge_unavailable(judge);
        break;
    case REASON_TOO_LARGE:
        if (!may(judge, MAY_BE_TOO_LARGE))
            tell(judge, FINDING_INVENTED, "the result is not too large");
        break;
    case REASON_SHUTDOWN:
        judge_shutdown(judge);
        break;
    case REASON_EXPIRED:
        judge_expired(judge);
        break;
    default:
        tell(judge, FINDING_CORRUPT, "an unknown reason");
    }
    if (!judge->job->order && judge->side->starts)
        tell(judge, FINDING_CORRUPT, "never assigned, but begun");
}

/* --- refused --- */

static void judge_overload(const struct judge *judge)
{
    const struct event *end = judge->job->end;
    const struct plan *plan = judge->check->plan;
    struct known_range range = {.job_min = 0};
    uint64_t queued = plan->queue_jobs ? QUEUE_OPEN_MAX : 0;
    if (judge->job->pool != NO_POOL)
        range = check_pool_settings(judge->check, judge->job->pool, judge->job->submit_us,
                                    judge->job->end_us);
    bool set = end->code == OVER_QUEUE ||
               (end->code == OVER_SERVICE && judge->record->spec.service) ||
               (end->code == OVER_QUOTA && plan->client_job_max) ||
               (end->code == OVER_MEMORY && plan->total_max == PLAN_TOTAL_TIGHT);
    if (!set)
        tell(judge, FINDING_FALSE_OVERLOAD, "overload for an unset limit");
    else if (end->code == OVER_QUOTA && end->c <= plan->client_job_max)
        tell(judge, FINDING_FALSE_OVERLOAD, "overload, but the client had fewer jobs open");
    else if (judge->side->starts)
        tell(judge, FINDING_CORRUPT, "refused, but begun");
    else if (end->code != OVER_QUEUE)
        return;
    else if (end->a < range.job_min)
        tell(judge, FINDING_FALSE_OVERLOAD, "overload by its own words with room in the queue");
    else if (judge->job->peak + queued < range.job_min)
        tell(judge, FINDING_FALSE_OVERLOAD, "overload, but the queue was never full");
}

static void judge_error(const struct judge *judge)
{
    const struct event *end = judge->job->end;
    bool wrong = judge->record->spec.wrong, twin = judge->record->twin_of != NO_JOB;
    bool service = judge->record->spec.service != 0;
    if (!(wrong && end->code == ERR_BAD_REQUEST) && !(twin && end->code == ERR_DUPLICATE_ID) &&
        !(service && end->code == ERR_UNKNOWN_SERVICE))
        tell(judge, FINDING_INVENTED, "an error about a correct submit");
    else if (judge->side->starts)
        tell(judge, FINDING_CORRUPT, "refused, but begun");
}

/* --- parts --- */

/* Of an unfinished stream, parts may be missing at the end, and nowhere else. */
static void judge_parts(const struct judge *judge)
{
    const struct job_record *record = judge->record;
    const bool done = judge->job->end && judge->job->end->type == EV_DONE;
    if (record->part_fault)
        tell(judge, FINDING_CORRUPT, parts_fault_text(record->part_fault));
    else if (done && job_spec_streams(&record->spec) && record->part_bytes != record->spec.a)
        tell(judge, FINDING_LOST, "done, and parts are missing");
    else if (record->parts && !judge->side->starts)
        tell(judge, FINDING_CORRUPT, "parts of a job that never began");
}

/* --- monitors --- */

/* How the job's end looks to a monitor. */
static uint8_t down_of(const struct event *end)
{
    if (end->type == EV_DONE)
        return DOWN_DONE;
    return end->type == EV_FAILED ? end->code : DOWN_UNKNOWN;
}

/* A job may be over before its monitor is there. */
static void judge_monitor(const struct judge *judge)
{
    const struct job_record *record = judge->record;
    const struct event *end = judge->job->end;
    bool open = judge->conn->over && judge->conn->end != END_ASKED;
    if (!record->watched || !end || open)
        return;
    if (!record->downs)
        tell(judge, FINDING_LOST, "its monitor has no down");
    else if (record->down_reason != down_of(end) && record->down_reason != DOWN_UNKNOWN)
        tell(judge, FINDING_CORRUPT, "its monitor tells another end than the job's");
}

/* --- every job --- */

static void judge_limit(const struct judge *judge)
{
    const struct known_job *job = judge->job;
    uint64_t limit_us = judge->record->spec.timeout_ms * 1000ull;
    uint64_t late_us = LIMIT_LATE_US * judge->check->scale;
    if (limit_us && job->started_us && job->end_us - job->started_us > limit_us + late_us)
        tell(judge, FINDING_HANG, "its time limit was not kept");
}

/* In a known pool: begun neither there nor too late. */
static void judge_started(const struct judge *judge)
{
    const struct known_job *job = judge->job;
    uint64_t wait_us, limit_us, late_us = LIMIT_LATE_US * judge->check->scale;
    if (!job->started_us || job->pool == NO_POOL)
        return;
    wait_us = job->started_us - job->submit_us;
    limit_us = judge->check->plan->rules[job->pool].max_wait_ms * 1000ull;
    if (!check_may_be_in(judge->check, judge->record->spec.module, job->pool, job->submit_us,
                         job->started_us))
        tell(judge, FINDING_UNEXPECTED, "started in another pool than its module's");
    if (limit_us && wait_us > limit_us + late_us)
        tell(judge, FINDING_HANG, "it began long after max-wait-ms");
    limit_us = judge->record->spec.max_wait_ms * 1000ull;
    if (limit_us && wait_us > limit_us + late_us)
        tell(judge, FINDING_HANG, "it began long after its own max_wait_ms");
}

static void judge_end(const struct judge *judge)
{
    const struct event *end = judge->job->end;
    if (judge->record->spec.wrong && end->type != EV_ERROR)
        tell(judge, FINDING_UNEXPECTED, "a wrong request was taken");
    else if (end->type == EV_DONE)
        judge_done(judge);
    else if (end->type == EV_FAILED)
        judge_failed(judge);
    else if (end->type == EV_OVERLOAD)
        judge_overload(judge);
    else if (end->type == EV_ERROR)
        judge_error(judge);
    if (!(end->seen & SEEN_CONTEXT))
        tell(judge, FINDING_CORRUPT, "another context than the submit's");
    judge_limit(judge);
    judge_started(judge);
    if (judge->job->end_us - judge->job->submit_us > LATE_US * judge->check->scale)
        tell(judge, FINDING_LOST, "its terminal event came far too late");
}

static void judge_job(const struct judge *judge)
{
    if (judge->record->partial && (judge->job->first_us || judge->side->starts))
        tell(judge, FINDING_UNEXPECTED, "it was never submitted whole");
    else if (judge->side->starts > 1 || judge->side->finishes > 1)
        tell(judge, FINDING_DUPLICATE, "it ran more than once");
    else if (judge->job->end)
        judge_end(judge);
    else if (!judge->record->partial)
        judge_open(judge);
    judge_parts(judge);
    judge_monitor(judge);
}

void check_jobs(const struct check *check)
{
    for (uint32_t uid = 0; uid < check->history->job_count; uid++) {
        const struct job_record *record = &check->history->jobs[uid];
        struct judge judge = {.check = check,
                              .uid = uid,
                              .record = record,
                              .job = &check->jobs[uid],
                              .conn = &check->conns[record->conn],
                              .epoch = &check->epochs[record->epoch],
                              .side = &check->side->jobs[uid]};
        judge_job(&judge);
    }
}
