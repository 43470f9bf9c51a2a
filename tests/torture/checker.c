/* checker: see checker.h. */
#include "checker.h"

#include "die.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PEAK_SLOTS = 256,           /* seconds of remembered peaks of open jobs */
    SETTINGS_LATE_US = 8000000, /* for new settings to show everywhere, and old jobs to be gone */
    MOVED_LATE_US = 2000000,    /* for modules to be in their new pools */
};

/* The greatest possible number of jobs in the daemon, at each event. */
struct open_jobs {
    uint32_t *by_conn;
    uint32_t all, ghosts; /* ghosts: of ended connections; the daemon may still have them */
    uint64_t ghosts_us;   /* when the latest came */
    uint64_t start_us;
    uint32_t peaks[PEAK_SLOTS];
    uint64_t slot;
};

void check_tell_job(const struct check *check, enum finding_kind kind, uint32_t uid,
                    const char *what)
{
    char line[512];
    const struct history *history = check->history;
    const struct job_record *job = &history->jobs[uid];
    if (!finding_add(check->findings, kind, "job %" PRIu32 " of client %" PRIu32 ": %s", uid,
                     job->conn, what))
        return;
    const struct side_job *side = &check->side->jobs[uid];
    for (size_t i = 0; i < history->event_count; i++) {
        const struct event *event = &history->events[i];
        if (event->uid != uid && !(event->type == EV_CONN_END && event->conn == job->conn))
            continue;
        history_describe(history, event, check->rest->started_us, line, sizeof line);
        finding_evidence(line);
    }
    snprintf(line, sizeof line,
             "expected hash %016" PRIx64 "; side file: %u starts (worker %d), %u finishes, hash "
             "%016" PRIx64 "; number %" PRIu64 ", epoch %" PRIu32,
             job->hash, side->starts, (int)side->start_pid, side->finishes, side->hash,
             check->jobs[uid].number, job->epoch);
    finding_evidence(line);
}

/* --- settings --- */

/* The next settings in force at some time between the two, from `*i` on; NULL after the last. */
static const struct layout *next_layout(const struct check *check, size_t *i, uint64_t from_us,
                                        uint64_t to_us, uint64_t late_us)
{
    uint64_t from = from_us > late_us ? from_us - late_us : 0;
    for (; *i < check->settings_count; (*i)++) {
        const struct known_settings *s = &check->settings[*i];
        bool replaced = *i + 1 < check->settings_count && s[1].t_us < from;
        if (replaced || s->t_us > to_us)
            continue;
        (*i)++;
        return s->layout;
    }
    return NULL;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

struct known_range check_pool_settings(const struct check *check, uint8_t pool, uint64_t from_us,
                                       uint64_t to_us)
{
    struct known_range range = {.job_min = UINT64_MAX};
    const struct layout *layout;
    size_t i = 0;
    while ((layout = next_layout(check, &i, from_us, to_us, SETTINGS_LATE_US * check->scale))) {
        const struct limits *limits = &layout->pools[pool];
        if (!limits->pool_max)
            continue;
        range.pool_max = most(range.pool_max, limits->pool_max);
        range.job_max = most(range.job_max, limits->job_max);
        range.job_min = least(range.job_min, limits->job_max);
    }
    return range;
}

struct known_range check_settings(const struct check *check, uint64_t from_us, uint64_t to_us)
{
    struct known_range range = {.job_min = UINT64_MAX};
    const struct layout *layout;
    size_t i = 0;
    for (uint8_t pool = 0; pool < PLAN_POOLS; pool++) {
        struct known_range one = check_pool_settings(check, pool, from_us, to_us);
        range.pool_max += one.pool_max;
        range.job_max += one.job_max;
    }
    while ((layout = next_layout(check, &i, from_us, to_us, SETTINGS_LATE_US * check->scale)))
        range.job_min = least(range.job_min, plan_sum(layout).job_max);
    return range;
}

bool check_may_be_in(const struct check *check, uint8_t module, uint8_t pool, uint64_t from_us,
                     uint64_t to_us)
{
    const struct layout *layout;
    size_t i = 0;
    while ((layout = next_layout(check, &i, from_us, to_us, MOVED_LATE_US * check->scale)))
        if (layout->pool_of[module] == pool)
            return true;
    return false;
}

/* --- open jobs --- */

static void note_peak(struct open_jobs *open, uint64_t t_us)
{
    uint64_t slot = (t_us - open->start_us) / 1000000;
    uint32_t now = open->all + open->ghosts;
    for (; open->slot < slot; open->slot++)
        open->peaks[(open->slot + 1) % PEAK_SLOTS] = now;
    uint32_t *peak = &open->peaks[slot % PEAK_SLOTS];
    *peak = now > *peak ? now : *peak;
}

static uint32_t peak_since(const struct open_jobs *open, uint64_t from_us)
{
    uint32_t peak = 0;
    uint64_t from = (from_us - open->start_us) / 1000000;
    if (open->slot - from >= PEAK_SLOTS)
        return UINT32_MAX;
    for (uint64_t slot = from; slot <= open->slot; slot++)
        if (open->peaks[slot % PEAK_SLOTS] > peak)
            peak = open->peaks[slot % PEAK_SLOTS];
    return peak;
}

static void lay_ghosts(struct open_jobs *open, const struct event *event)
{
    open->ghosts += open->by_conn[event->conn];
    open->all -= open->by_conn[event->conn];
    open->by_conn[event->conn] = 0;
    open->ghosts_us = event->t_us;
}

/* Ghosts from before this sample was requested are at most its waiting and running jobs. */
static void count_ghosts(struct open_jobs *open, const struct sample *sample)
{
    uint64_t most = sample->all.waiting + sample->running;
    if (open->ghosts_us < sample->sent_us && open->ghosts > most)
        open->ghosts = (uint32_t)most;
}

/* --- gathering --- */

static void gather_end(struct check *check, struct open_jobs *open, const struct event *event)
{
    struct known_job *job = &check->jobs[event->uid];
    if (job->end) {
        check_tell_job(check, FINDING_DUPLICATE, event->uid, "a second terminal event");
        return;
    }
    job->end = event;
    job->end_us = event->t_us;
    job->peak = peak_since(open, job->submit_us);
    if (event->type == EV_DONE || event->type == EV_FAILED) {
        job->order = event->a;
        job->number = event->b;
    }
    if (open->by_conn[event->conn]) {
        open->by_conn[event->conn]--;
        open->all--;
    }
}

/* The daemon has the job after its submit's end. */
static void gather_detached(struct check *check, struct open_jobs *open, const struct event *event)
{
    gather_end(check, open, event);
    check->jobs[event->uid].number = event->b;
    open->ghosts++;
    open->ghosts_us = event->t_us;
}

static void gather_job(struct check *check, struct open_jobs *open, const struct event *event)
{
    struct known_job *job = &check->jobs[event->uid];
    struct known_conn *conn = &check->conns[event->conn];
    if (!job->first_us)
        job->first_us = event->t_us;
    if (event->type == EV_STARTED)
        job->started_us = event->t_us;
    if (event->type == EV_STARTED || event->type == EV_OVERLOAD)
        job->pool = event->how ? (uint8_t)(event->how - 1) : NO_POOL;
    if (event->uid + 1 > conn->last_told)
        conn->last_told = event->uid + 1;
    bool detached =
        event->type == EV_ACCEPTED && job_spec_is_detached(&check->history->jobs[event->uid].spec);
    if (detached)
        gather_detached(check, open, event);
    else if (event->type != EV_ACCEPTED && event->type != EV_STARTED)
        gather_end(check, open, event);
    else if (job->end)
        check_tell_job(check, FINDING_UNEXPECTED, event->uid, "an event after the terminal one");
}

static void gather_conn_end(struct check *check, struct open_jobs *open, const struct event *event)
{
    struct known_conn *conn = &check->conns[event->conn];
    conn->over = true;
    conn->end_us = event->t_us;
    conn->end = event->code;
    conn->written = event->a;
    conn->shut = event->c != 0;
    lay_ghosts(open, event);
}

static void gather_fault(struct check *check, const struct event *event)
{
    if (event->pid && (event->a == SIGKILL || event->a == SIGTERM))
        check->kills[check->kill_count++] = (struct known_kill){event->t_us, event->pid};
    if (event->pid && event->a == SIGSTOP)
        check->stops[check->stop_count++] = (struct known_kill){event->t_us, event->pid};
    if (event->code == FAULT_NO_WORKER_BINARY || event->code == FAULT_FEW_FILES ||
        event->code == FAULT_FREEZE_STARTING)
        check->start_troubles[check->start_trouble_count++] = event->t_us;
}

static void gather_epoch(struct check *check, struct open_jobs *open, uint32_t *number,
                         const struct event *event)
{
    if (event->type == EV_EPOCH) {
        check->epochs[++*number].start_us = event->t_us;
        open->ghosts = 0;
        return;
    }
    struct known_epoch *epoch = &check->epochs[*number];
    epoch->over = true;
    epoch->end = event->code;
    epoch->end_us = event->t_us;
}

static void gather_event(struct check *check, struct open_jobs *open, uint32_t *epoch,
                         const struct event *event)
{
    check_requests_note(check, *epoch, event);
    switch (event->type) {
    case EV_EPOCH:
    case EV_EPOCH_END:
        gather_epoch(check, open, epoch, event);
        break;
    case EV_SETTINGS:
        check->settings[check->settings_count++] =
            (struct known_settings){event->t_us, &check->history->layouts[event->a]};
        break;
    case EV_CONN_END:
        gather_conn_end(check, open, event);
        break;
    case EV_SUBMIT:
        check->jobs[event->uid].submit_us = event->t_us;
        check->jobs[event->uid].pool = NO_POOL;
        open->by_conn[event->conn]++;
        open->all++;
        break;
    case EV_CANCEL:
        if (!check->jobs[event->uid].cancel_us)
            check->jobs[event->uid].cancel_us = event->t_us;
        break;
    case EV_ACCEPTED:
    case EV_STARTED:
    case EV_DONE:
    case EV_FAILED:
    case EV_OVERLOAD:
    case EV_ERROR:
        gather_job(check, open, event);
        break;
    case EV_SELECT:
        check_selects_note(check, event);
        break;
    case EV_FAULT:
        gather_fault(check, event);
        if ((event->code == FAULT_MASTER_DRAIN || event->code == FAULT_DRAIN_REQUEST) &&
            !event->pid)
            check->epochs[*epoch].drain_us = event->t_us;
        break;
    case EV_STUCK:
        check->stuck_us = event->t_us;
        break;
    case EV_SAMPLE:
        count_ghosts(open, &check->history->samples[event->a]);
        break;
    default:
        break;
    }
}

/* A job may leave its worker with a deadly timer, or without descriptors: the next job dies of
 * this. */
static void gather_doomed(struct check *check)
{
    for (size_t uid = 0; uid < check->history->job_count; uid++) {
        uint8_t command = check->history->jobs[uid].spec.command;
        const struct side_job *side = &check->side->jobs[uid];
        if ((command == CMD_DIE_SENDING || command == CMD_CLOSE_FDS) && side->finishes)
            check->kills[check->kill_count++] =
                (struct known_kill){side->finish_us, side->finish_pid};
        else if (command == CMD_STREAM_DIE && side->starts)
            check->kills[check->kill_count++] =
                (struct known_kill){side->start_us, side->start_pid};
    }
}

static bool is_fresh(const struct check *check, const struct side_refusal *refusal)
{
    for (size_t uid = 0; uid < check->side->count; uid++) {
        const struct side_job *job = &check->side->jobs[uid];
        if (job->start_pid == refusal->pid && job->start_us <= refusal->t_us)
            return false;
    }
    return true;
}

static void gather_words(struct check *check)
{
    for (size_t i = 0; i < check->side->refusal_count; i++)
        if (is_fresh(check, &check->side->refusals[i]))
            check->words[check->word_count++] = check->side->refusals[i].t_us;
}

/* Most events do not name the pool: there the module's has to do, unless it moved. */
static uint8_t only_pool(const struct check *check, size_t uid)
{
    const struct known_job *job = &check->jobs[uid];
    uint8_t module = check->history->jobs[uid].spec.module, found = NO_POOL;
    for (uint8_t pool = 0; pool < PLAN_POOLS; pool++) {
        if (!check_may_be_in(check, module, pool, job->submit_us, job->end_us))
            continue;
        if (found != NO_POOL)
            return NO_POOL;
        found = pool;
    }
    return found;
}

static void gather_pools(struct check *check)
{
    for (size_t uid = 0; uid < check->history->job_count; uid++)
        if (check->jobs[uid].pool == NO_POOL)
            check->jobs[uid].pool = only_pool(check, uid);
}

static void gather(struct check *check)
{
    const struct history *history = check->history;
    uint32_t epoch = 0;
    struct open_jobs open = {
        .by_conn = need((history->last_conn + 1) * sizeof *open.by_conn),
        .start_us = history->event_count ? history->events[0].t_us : 0,
    };
    for (size_t i = 0; i < history->event_count; i++) {
        gather_event(check, &open, &epoch, &history->events[i]);
        note_peak(&open, history->events[i].t_us);
    }
    gather_pools(check);
    gather_doomed(check);
    gather_words(check);
    free(open.by_conn);
}

static size_t count_events(const struct history *history, enum event_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < history->event_count; i++)
        count += history->events[i].type == type;
    return count;
}

void checker_run(struct findings *findings, const struct history *history, const struct side *side,
                 const struct rest *rest, const struct plan *plan, uint64_t scale)
{
    size_t faults = count_events(history, EV_FAULT);
    struct check check = {.history = history,
                          .side = side,
                          .rest = rest,
                          .plan = plan,
                          .findings = findings,
                          .scale = scale,
                          .stuck_us = UINT64_MAX};
    check.jobs = need(history->job_count * sizeof *check.jobs);
    check.conns = need((history->last_conn + 1) * sizeof *check.conns);
    check.epochs = need((history->epoch + 1) * sizeof *check.epochs);
    check.kills = need((faults + history->job_count) * sizeof *check.kills);
    check.stops = need(faults * sizeof *check.stops);
    check.selects = need((history->event_count + 1) * sizeof *check.selects);
    check.pauses = need((history->requests + 1) * PLAN_POOLS * sizeof *check.pauses);
    check.requests = need((history->requests + 1) * sizeof *check.requests);
    check.words = need(side->refusal_count * sizeof *check.words);
    check.start_troubles = need(faults * sizeof *check.start_troubles);
    check.settings = need(count_events(history, EV_SETTINGS) * sizeof *check.settings);
    gather(&check);
    check_jobs(&check);
    check_breaker(&check);
    check_order(&check);
    check_reports(&check);
    check_requests(&check);
    check_services(&check);
    check_selects(&check);
    check_daemon(&check);
    free(check.jobs);
    free(check.conns);
    free(check.epochs);
    free(check.kills);
    free(check.stops);
    free(check.selects);
    free(check.pauses);
    free(check.requests);
    free(check.words);
    free(check.start_troubles);
    free(check.settings);
}
