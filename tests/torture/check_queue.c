/*
 * check_queue: taskqueued's jobs, by at-least-once rules: an accepted job has exactly one outcome,
 * whoever asks and after whatever restart; a done job has run to its end, perhaps more than once;
 * attempts never fall.
 */
#include "checker.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    PING_MAX_US = 250000,
    AFTER_US = 1000000, /* a run begun so long after its end was told is one too many */
};

struct kept_judge {
    struct findings *findings;
    uint32_t uid;
    const struct kept_job *job;
    const struct side_job *side;
};

static void tell(const struct kept_judge *judge, enum finding_kind kind, const char *what)
{
    const struct kept_job *job = judge->job;
    finding_add(judge->findings, kind,
                "queue's job %" PRIu32 " (%s %s%s%s retries %u, %" PRIu32 " starts, %" PRIu32
                " finishes, attempt %" PRIu32 ", %s %s %" PRIu32 "): %s",
                judge->uid, *job->id ? job->id : "no id", command_table[job->command].name,
                job->detach ? " detached" : "", job->keyed ? " key" : "", job->retries,
                judge->side->starts, judge->side->finishes, judge->side->attempt,
                !job->told          ? "no end"
                : job->outcome.done ? "done"
                                    : "failed",
                job->told && !job->outcome.done
                    ? history_reason_name((enum fail_reason_code)job->outcome.reason)
                    : "",
                job->outcome.attempt, what);
}

static void judge_told(const struct kept_judge *judge)
{
    static const struct {
        enum finding_kind kind;
        const char *text;
    } faults[LEDGER_FAULTS] = {
        {FINDING_DUPLICATE, "two jobs for one submit or key"},
        {FINDING_DUPLICATE, "another outcome than was told before"},
        {FINDING_LOST, "a wait does not know the accepted job"},
        {FINDING_FALSE_OVERLOAD, "a right submit was refused"},
        {FINDING_CORRUPT, "its attempt falls in events"},
    };
    for (unsigned i = 0; i < LEDGER_FAULTS; i++)
        if (judge->job->faults & (1u << i))
            tell(judge, faults[i].kind, faults[i].text);
}

static void judge_done(const struct kept_judge *judge)
{
    const struct kept_outcome *outcome = &judge->job->outcome;
    if (judge->job->command == CMD_FAIL)
        tell(judge, FINDING_CORRUPT, "done, but it always fails");
    else if (!judge->side->finishes)
        tell(judge, FINDING_CORRUPT, "done, but never run to its end");
    else if (!outcome->intact || outcome->hash != judge->job->hash)
        tell(judge, FINDING_CORRUPT, "another result");
    else if (judge->side->hash != judge->job->hash)
        tell(judge, FINDING_CORRUPT, "the module had another payload");
    else if (outcome->attempt < judge->side->attempt)
        tell(judge, FINDING_CORRUPT, "done at an earlier attempt than its last run");
}

/* Each failure is an attempt, and the last one is no retry. */
static void judge_failed(const struct kept_judge *judge)
{
    const struct kept_job *job = judge->job;
    const struct kept_outcome *outcome = &job->outcome;
    if (outcome->reason == REASON_CANCELLED && !job->cancel_sent)
        tell(judge, FINDING_INVENTED, "nobody cancelled it");
    else if (outcome->reason == REASON_MODULE && job->command != CMD_FAIL)
        tell(judge, FINDING_INVENTED, "its module reported no failure");
    else if (outcome->reason == REASON_MODULE && !judge->side->starts)
        tell(judge, FINDING_CORRUPT, "failed, but never run");
    else if (!job->cancel_sent && outcome->attempt <= job->retries)
        tell(judge, FINDING_INVENTED, "it failed before its retries were used up");
    else if (outcome->reason != REASON_CANCELLED && outcome->reason != REASON_MODULE &&
             outcome->reason != REASON_ERROR)
        tell(judge, FINDING_INVENTED, "nothing gives cause for such an end");
}

static void judge_job(const struct kept_judge *judge, bool settled)
{
    const struct kept_job *job = judge->job;
    judge_told(judge);
    if (judge->side->fell)
        tell(judge, FINDING_CORRUPT, "its attempt falls in its runs");
    if (job->refused && judge->side->starts)
        tell(judge, FINDING_CORRUPT, "refused, but begun");
    if (settled && job->accepted && !job->told)
        tell(judge, FINDING_LOST, "accepted, but without an outcome");
    else if (settled && job->accepted && !job->settled)
        tell(judge, FINDING_LOST, "its outcome is not told any more");
    if (!job->told)
        return;
    if (job->outcome.done)
        judge_done(judge);
    else
        judge_failed(judge);
    if (judge->side->start_us > job->told_us + AFTER_US)
        tell(judge, FINDING_DUPLICATE, "it ran again behind its end");
}

static void check_process(struct findings *findings, const struct queue_rest *rest, uint64_t scale)
{
    if (rest->died)
        finding_add(findings, FINDING_DIED, "taskqueued ended with wait status 0x%x",
                    (unsigned)rest->status);
    else if (!rest->reached)
        finding_add(findings, FINDING_HANG, "the queue came to no end");
    if (rest->slowest_ping_us > PING_MAX_US * scale)
        finding_add(findings, FINDING_HANG, "a ping of the queue was answered after %.3f s",
                    (double)rest->slowest_ping_us / 1e6);
    if (rest->lost_conns)
        finding_add(findings, FINDING_LOST,
                    "the queue closed %" PRIu64 " connections for no reason", rest->lost_conns);
    if (rest->strays)
        finding_add(findings, FINDING_UNEXPECTED,
                    "the queue sent %" PRIu64 " messages that nobody had asked for", rest->strays);
}

static void check_rest(struct findings *findings, const struct ledger *ledger, uint64_t scale)
{
    const struct queue_rest *rest = &ledger->rest;
    size_t accepted = 0;
    for (size_t uid = 0; uid < ledger->count; uid++)
        accepted += ledger->jobs[uid].accepted;
    if (rest->ended < accepted || rest->ended > ledger->count)
        finding_add(findings, FINDING_CONSERVATION,
                    "the queue's stats tell %" PRIu64 " outcomes of %zu accepted jobs, %zu in all",
                    rest->ended, accepted, ledger->count);
    if (rest->files_after != rest->files_before)
        finding_add(findings, FINDING_DRIFT,
                    "the queue's descriptors: %d at the beginning, %d at rest", rest->files_before,
                    rest->files_after);
    if (rest->rss_after_kb - rest->rss_before_kb > DRIFT_KB * (long)scale)
        finding_add(findings, FINDING_DRIFT,
                    "the queue's memory: %ld KiB at the beginning, %ld KiB at rest",
                    rest->rss_before_kb, rest->rss_after_kb);
}

void check_queue(struct findings *findings, const struct ledger *ledger, const struct side *side,
                 bool whole, uint64_t scale)
{
    const struct queue_rest *rest = &ledger->rest;
    bool settled = whole && rest->reached;
    if (!rest->epochs)
        return;
    for (uint32_t uid = 0; uid < ledger->count; uid++) {
        struct kept_judge judge = {
            .findings = findings, .uid = uid, .job = &ledger->jobs[uid], .side = &side->jobs[uid]};
        judge_job(&judge, settled || (whole && !rest->died));
    }
    if (side->broken)
        finding_add(findings, FINDING_CORRUPT, "%zu records of the queue's side file are broken",
                    side->broken);
    if (whole)
        check_process(findings, rest, scale);
    if (settled)
        check_rest(findings, ledger, scale);
}
