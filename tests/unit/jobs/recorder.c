/* recorder: see recorder.h. */
#include "tests/unit/jobs/recorder.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <stdarg.h>

enum { TOLD_MAX = 1 << 20 };

struct timers timers;
struct dispatch_shared shared;
struct dispatcher d;
struct job_settings limits;
struct payload_budget budget;
struct test_source sources[SOURCES];
struct module_entry modules[MODULES];
bool silent, lazy, no_forks, poll_reads;
uint64_t backs[2];
struct recorder_hooks hooks;

static char told_text[TOLD_MAX];
static size_t told_len;

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
    va_list args;
    if (silent)
        return;
    if (told_len)
        told_len += (size_t)sprintf(told_text + told_len, ", ");
    va_start(args, fmt);
    told_len += (size_t)vsnprintf(told_text + told_len, 200, fmt, args);
    va_end(args);
    hot_assert(told_len < TOLD_MAX - 400);
}

/* --- simulated workers --- */

struct sim_worker *sim_of(const struct worker *worker)
{
    return worker->ops_data;
}

struct handed *handed_in(struct sim_worker *sim, enum handed_state state)
{
    for (size_t i = 0; i < sim->count; i++)
        if (sim->jobs[i].state == state)
            return &sim->jobs[i];
    return NULL;
}

struct handed *handed_of(struct sim_worker *sim, uint64_t seq)
{
    for (size_t i = 0; i < sim->count; i++)
        if (sim->jobs[i].seq == seq && sim->jobs[i].state != TAKEN)
            return &sim->jobs[i];
    return NULL;
}

void sim_drop(struct sim_worker *sim, struct handed *handed)
{
    size_t at = (size_t)(handed - sim->jobs);
    sim->count--;
    memmove(handed, handed + 1, (sim->count - at) * sizeof *handed);
}

/* The worker skips reclaimed jobs. */
static void skip_taken(struct sim_worker *sim)
{
    struct handed *taken;
    while ((taken = handed_in(sim, TAKEN)))
        sim_drop(sim, taken);
}

bool sim_begin(struct sim_worker *sim)
{
    struct handed *next;
    skip_taken(sim);
    if (sim->dead || sim->stopped || handed_in(sim, BEGUN) || !(next = handed_in(sim, OFFERED)))
        return false;
    next->state = BEGUN;
    sim->signs.begun_us = timers.now_us;
    if (hooks.begun)
        hooks.begun(sim, next->seq);
    return true;
}

bool sim_finish(struct sim_worker *sim, const struct worker_answer *answer)
{
    struct handed *on = handed_in(sim, BEGUN);
    if (sim->dead || !on)
        return false;
    on->state = FINISHED;
    on->answer = *answer;
    return true;
}

bool sim_read(struct sim_worker *sim)
{
    struct handed *handed = handed_in(sim, FINISHED);
    struct worker *worker = sim->worker;
    if (!handed)
        return false;
    struct handed copy = *handed;
    sim_drop(sim, handed);
    if (!worker->job || worker->job->seq != copy.seq) {
        hot_assert_msg(!dispatcher_find(&shared, copy.seq), "an answer for %ju out of turn",
                       (uintmax_t)copy.seq);
        return true; /* it was ended by an abort */
    }
    dispatcher_worker_answered(worker, &copy.answer);
    return true;
}

/* --- operations --- */

static void step(struct worker *worker)
{
    if (hooks.step && worker->ops_data)
        hooks.step(worker->ops_data);
}

static int op_start(void *ctx, struct worker *worker)
{
    hot_assert(ctx == &d);
    hot_assert(pool_places(&d.pool, d.limits.pool_max) <= d.limits.pool_max);
    hot_assert(pool_count(&d.pool) <= 2 * (size_t)d.limits.pool_max);
    tell("start %u", worker->id);
    errno = EAGAIN;
    if (no_forks)
        return -1;
    struct sim_worker *sim = calloc(1, sizeof *sim);
    hot_assert(link != NULL);
    sim->worker = worker;
    worker->ops_data = sim;
    worker->pid = 1000 + (pid_t)worker->id;
    return 0;
}

static uint8_t op_assign(void *ctx, const struct assignment *assignment)
{
    struct worker *worker = assignment->worker;
    struct job *job = assignment->job;
    uint64_t limit_us = assignment->limit_us;
    struct sim_worker *sim = worker->ops_data;
    (void)ctx;
    if (sim->count == HANDED_MAX)
        skip_taken(sim); /* a stopped worker does so later */
    hot_assert(sim->count < HANDED_MAX && !handed_of(sim, job->seq));
    hot_assert(job->source != NULL && !job->source->gone);
    hot_assert(job->run.worker == worker && assignment->prefetched == (worker->job != NULL));
    sim->jobs[sim->count++] = (struct handed){.seq = job->seq};
    if (limit_us)
        tell("give %u j%ju %jums", worker->id, (uintmax_t)job->seq, (uintmax_t)limit_us / 1000);
    else
        tell("give %u j%ju", worker->id, (uintmax_t)job->seq);
    if (hooks.handed)
        hooks.handed(sim, job);
    if (!lazy)
        sim_begin(sim);
    return 0;
}

static bool op_reclaim(void *ctx, struct worker *worker, const struct job *job)
{
    struct handed *handed;
    (void)ctx;
    step(worker);
    handed = handed_of(worker->ops_data, job->seq);
    hot_assert_msg(handed != NULL, "job %ju was not handed to worker %u", (uintmax_t)job->seq,
                   worker->id);
    bool offered = handed->state == OFFERED;
    tell("back %u j%ju %s", worker->id, (uintmax_t)job->seq, offered ? "yes" : "no");
    backs[offered]++;
    if (offered)
        handed->state = TAKEN;
    return offered;
}

static void op_signs(void *ctx, const struct worker *worker, struct worker_signs *signs)
{
    const struct job *job = worker->job;
    struct handed *handed = job ? handed_of(worker->ops_data, job->seq) : NULL;
    (void)ctx;
    *signs = sim_of(worker)->signs;
    signs->begun = handed && handed->state != OFFERED;
}

static bool op_progress(void *ctx, const struct worker *worker, const struct job *job,
                        struct job_progress *latest)
{
    (void)ctx;
    hot_assert(worker->job == job);
    *latest = sim_of(worker)->progress;
    return latest->job == job->seq;
}

static bool op_usage(void *ctx, const struct worker *worker, const struct job *job,
                     struct job_usage *usage)
{
    (void)ctx;
    hot_assert(worker->job == job && job->asked.notify_usage);
    *usage = sim_of(worker)->usage;
    return usage->cpu_us;
}

static void take_pings(struct sim_worker *sim)
{
    bool called = sim->called;
    if (sim->stopped || sim->dead)
        return;
    if (sim->pinged)
        sim->signs.pinged_us = timers.now_us;
    sim->pinged = sim->called = false;
    if (called)
        dispatcher_worker_alive(sim->worker);
}

static void op_ping(void *ctx, struct worker *worker, bool say)
{
    struct sim_worker *sim = sim_of(worker);
    (void)ctx;
    hot_assert(worker->state == WORKER_IDLE || worker->state == WORKER_BUSY || say);
    tell("%s %u", say ? "say" : "ping", worker->id);
    sim->pinged = true;
    sim->called |= say;
    if (!say)
        take_pings(sim);
}

static void op_parts(void *ctx, struct worker *worker, const struct job *job, bool wanted)
{
    (void)ctx;
    hot_assert(worker->job == job && job->asked.notify_part);
    tell("parts %u j%ju %s", worker->id, (uintmax_t)job->seq, wanted ? "go on" : "unwanted");
}

static void op_stop_flag(void *ctx, struct worker *worker, const struct job *job,
                         enum stop_reason reason)
{
    (void)ctx;
    hot_assert(worker->job == job);
    step(worker);
    hot_assert((job->state == JOB_RUNNING) == (reason == STOP_REASON_SOFT_TIMEOUT));
    sim_of(worker)->stop_reason = reason;
    tell("%s %u j%ju", reason == STOP_REASON_SOFT_TIMEOUT ? "soft" : "flag", worker->id,
         (uintmax_t)job->seq);
}

static void op_signal(void *ctx, struct worker *worker, int signo)
{
    (void)ctx;
    hot_assert(signo == SIGTERM || signo == SIGKILL);
    step(worker);
    tell("%s %u", signo == SIGTERM ? "term" : "kill", worker->id);
    if (hooks.signalled)
        hooks.signalled(worker->ops_data, signo);
}

static void op_retire(void *ctx, struct worker *worker)
{
    (void)ctx;
    hot_assert(!worker->job && !worker->prefetched_count);
    tell("retire %u", worker->id);
}

static void op_poll(void *ctx, struct worker *worker)
{
    struct sim_worker *sim = worker->ops_data;
    (void)ctx;
    step(worker);
    tell("poll %u", worker->id);
    if (hooks.polled)
        hooks.polled(sim);
    else if (poll_reads)
        while (sim_read(sim))
            ;
}

static void op_forget(void *ctx, struct worker *worker)
{
    (void)ctx;
    hot_assert(!worker->job && !worker->prefetched_count);
    tell("forget %u", worker->id);
    free(worker->ops_data);
    worker->ops_data = NULL;
}

static const struct dispatcher_ops recorder_ops = {
    .start = op_start,
    .assign = op_assign,
    .reclaim = op_reclaim,
    .signs = op_signs,
    .progress = op_progress,
    .usage = op_usage,
    .ping = op_ping,
    .parts = op_parts,
    .stop_flag = op_stop_flag,
    .signal = op_signal,
    .retire = op_retire,
    .poll = op_poll,
    .forget = op_forget,
};

/* --- sources --- */

static void tell_failed(const char *who, const struct job_event *event)
{
    const char *reason = fail_reason_name(event->fail);
    hot_assert(event->message && event->message_len && event->message_len < MESSAGE_MAX);
    if (event->signal)
        tell("%s failed %s SIG %d%s", who, reason, event->signal,
             event->by == BY_OPERATOR ? " by operator" : "");
    else if (event->exited)
        tell("%s failed %s exit %d", who, reason, event->exit_status);
    else if (event->code)
        tell("%s failed %s %s", who, reason, event->code);
    else if (event->step != STOP_NONE)
        tell("%s failed %s %s", who, reason, stop_step_name(event->step));
    else
        tell("%s failed %s", who, reason);
}

static void on_event(struct job_source *raw, struct job *job, const struct job_event *event)
{
    struct test_source *source = (struct test_source *)raw;
    char who[32];
    snprintf(who, sizeof who, "%c%ju", source->name, (uintmax_t)job->seq);
    hot_assert(job->source == raw && !raw->gone);
    source->terminal += event->type >= JOB_DONE;
    if (event->type == JOB_ACCEPTED)
        tell("%s accepted %zu", who, event->position);
    else if (event->type == JOB_STARTED)
        tell("%s started %u #%ju", who, event->worker, (uintmax_t)job->run.order);
    else if (event->type == JOB_PROGRESS)
        tell("%s progress %s", who, event->progress->message);
    else if (event->type == JOB_PART)
        tell("%s part %ju", who, (uintmax_t)event->part_seq);
    else if (event->type == JOB_DONE)
        tell("%s done", who);
    else if (event->type == JOB_FAILED)
        tell_failed(who, event);
    else
        tell("%s overload %s %zu %zu", who, overload_reason_name(event->overload), event->queued,
             event->running);
    hot_assert(event->type != JOB_OVERLOAD ||
               (event->retry_after_ms >= 50 && event->retry_after_ms <= 600000));
    if (hooks.event)
        hooks.event(source, job, event);
}

static void on_left(struct job_source *raw, struct job *job)
{
    struct test_source *source = (struct test_source *)raw;
    if (raw->gone)
        tell("%c%ju left", source->name, (uintmax_t)job->seq);
    if (hooks.left)
        hooks.left(source, job);
}

/* --- the world --- */

struct test_source *source_of(char name)
{
    return &sources[name - 'a'];
}

void new_source(struct test_source *source)
{
    char name = (char)('a' + (source - sources));
    *source = (struct test_source){.source = {.event = on_event, .left = on_left}, .name = name};
    LIST_INIT(&source->source.jobs);
}

void world_open(void)
{
    static char names[MODULES][8] = {"echo", "fib", "sleep"};
    quiet_log();
    memset(&hooks, 0, sizeof hooks);
    memset(modules, 0, sizeof modules);
    silent = lazy = no_forks = false;
    poll_reads = true;
    told_len = 0;
    budget = (struct payload_budget){.max = UINT64_MAX};
    for (int i = 0; i < MODULES; i++)
        modules[i].name = names[i];
    for (int i = 0; i < SOURCES; i++)
        new_source(&sources[i]);
    timers_init(&timers, 1000000);
    dispatch_shared_init(&shared, &recorder_ops, &d, &timers, &limits);
    dispatcher_init(&d, &shared, "default", &limits.pool, 0, 17);
}

uint64_t sum(const uint64_t *counts, size_t n)
{
    uint64_t total = 0;
    while (n)
        total += counts[--n];
    return total;
}

static void check_prefetched(void)
{
    const struct job *job;
    uint64_t order = 0;
    size_t count = 0;
    TAILQ_FOREACH (job, &d.line.prefetched, links.prefetched) {
        hot_assert(job_is_prefetched(job) && job->run.order > order);
        order = job->run.order;
        count++;
    }
    hot_assert(count == d.line.prefetched_count);
}

static uint64_t coming_of(const struct job_source *source)
{
    const struct job *job;
    uint64_t bytes = 0;
    LIST_FOREACH (job, &source->jobs, links.of_source) {
        hot_assert(!job->run.coming || job->run.worker);
        bytes += job->run.coming;
    }
    return bytes;
}

/* The books of the sources: the held ones, and the number of jobs of each in the line. */
static void check_held(void)
{
    const struct job_source *source;
    size_t held = 0, sources_held = 0;
    for (int i = 0; i < SOURCES; i++) {
        const struct job *job;
        size_t queued = 0;
        source = &sources[i].source;
        LIST_FOREACH (job, &source->jobs, links.of_source)
            queued += job->run.place == JOB_IN_LINE || job->run.place == JOB_PASSED;
        hot_assert(source->queued == queued);
        hot_assert(source->gone || source->coming == coming_of(source));
        hot_assert(!source->held || !(source->gone || (shared.draining && !shared.runs_waiting)));
        hot_assert(!source->held || source->unread || source->coming);
        held += source->held ? queued : 0;
        sources_held += source->held;
    }
    hot_assert(job_queue_ready(&d.line.queue) + held == job_queue_count(&d.line.queue));
    LIST_FOREACH (source, &shared.hold.sources, link)
        sources_held--;
    hot_assert(sources_held == 0);
}

static void check_aside(void)
{
    const struct job *job;
    size_t count = 0;
    TAILQ_FOREACH (job, &d.aside.jobs, links.waiting) {
        hot_assert(job->run.place == JOB_ASIDE && job->run.given_back && !job->run.worker);
        count++;
    }
    hot_assert(count == d.aside.count);
    /* If a job waits for a fresh worker, one is on its way. */
    bool may_start = !shared.draining && !d.paused && !timer_is_set(&d.starts.pause) &&
                     !d.starts.failures &&
                     pool_places(&d.pool, d.limits.pool_max) < d.limits.pool_max &&
                     !d.pool.counts[WORKER_STARTING];
    hot_assert(!may_start || !count || timer_is_set(&d.pass.more) || timer_is_set(&d.aside.trial) ||
               timer_is_set(&d.aside.release));
}

/* Each submitted job is counted once, and each live one by its module. */
static void check_jobs(void)
{
    const struct dispatcher_counts *counts = &shared.counts;
    size_t running = 0, waiting = 0;
    hot_assert(counts->submitted == counts->done + sum(counts->failed, FAIL_REASONS) +
                                        sum(counts->overload, OVERLOAD_REASONS) + counts->dropped +
                                        counts->orphaned + dispatcher_waiting(&d) +
                                        counts->running);
    for (int i = 0; i < MODULES; i++) {
        running += modules[i].running;
        waiting += modules[i].waiting;
    }
    hot_assert(running == counts->running);
    hot_assert(waiting == dispatcher_waiting(&d));
    hot_assert(shared.jobs.count == running + waiting);
}

static void check_workers(void)
{
    const struct worker *worker;
    size_t running = 0, prefetched = 0, dead = 0, count = 0, recycled[2] = {0};
    for (int state = 0; state < WORKER_STATES; state++) {
        TAILQ_FOREACH (worker, &d.pool.lists[state], link) {
            recycled[worker_is_ending(worker)] += worker_end_is_recycling(worker->end);
            hot_assert(state != WORKER_RETIRING || worker->end);
            count++;
            dead += worker->dead;
            hot_assert(worker->dead || state != WORKER_DEAD);
            running += worker->job != NULL;
            prefetched += worker->prefetched_count;
            hot_assert(state == WORKER_BUSY || state == WORKER_STOPPING || !worker->job);
            hot_assert(state != WORKER_BUSY || worker->job);
            hot_assert(worker->job || !worker->prefetched_count);
            hot_assert(worker->prefetched_count <= 64);
        }
    }
    hot_assert(d.pool.counts[WORKER_DEAD] <= d.limits.pool_max);
    hot_assert(dead == d.pool.dead && count == pool_count(&d.pool));
    hot_assert(running == shared.counts.running);
    hot_assert(prefetched == d.line.prefetched_count);
    hot_assert(recycled[false] == d.pool.due && recycled[true] == d.pool.recycling);
    hot_assert(sum(d.pool.ends + 1, WORKER_ENDS - 1) == d.pool.exits);
}

/* A job not begun by its worker is looked at in time, unless it may take any time. */
static void check_unbegun(void)
{
    const struct worker *worker;
    bool timed = shared.limits.begin_timeout_ms && !shared.limits.allow_debug;
    bool watched = timer_is_set(&d.begin.watch);
    TAILQ_FOREACH (worker, &d.pool.lists[WORKER_BUSY], link)
        hot_assert(!timed || watched || worker->job->state != JOB_RUNNING ||
                   dispatcher_worker_has_begun(worker));
}

/* Nobody waits beside an idle worker, except for some milliseconds, in a paused pool, or while one
 * could be started. */
static void check_waiting(void)
{
    size_t ready = job_queue_ready(&d.line.queue), prefetched = d.line.prefetched_count;
    bool idle = pool_idle(&d.pool), more = timer_is_set(&d.pass.more);
    bool recall = timer_is_set(&d.tiny.recall);
    bool may_start = !shared.draining && !timer_is_set(&d.starts.pause) && !idle &&
                     pool_places(&d.pool, d.limits.pool_max) < d.limits.pool_max &&
                     !d.starts.failures;
    if (d.paused)
        return;
    hot_assert(!idle || !ready || recall || more);
    hot_assert(!idle || !prefetched || recall);
    hot_assert(!idle || !ready || dispatcher_waiting(&d) < limits.pool.job_max || more);
    hot_assert(!may_start || ready + prefetched <= d.pool.counts[WORKER_STARTING] || more);
}

void check_invariants(void)
{
    check_jobs();
    check_workers();
    check_unbegun();
    check_prefetched();
    check_aside();
    check_held();
    check_waiting();
}

const char *news(void)
{
    told_text[told_len] = '\0';
    told_len = 0;
    check_invariants();
    return told_text;
}

void hush_news(void)
{
    news();
}

/* --- what happens --- */

uint64_t submit_order(struct order order)
{
    struct job *job = job_new("1", 1, NULL, 0);
    uint64_t seq = shared.last_seq + 1;
    if (order.max_wait_ms)
        job = job_limit_wait(job, order.max_wait_ms);
    job->asked.module = order.module < 0 ? NULL : &modules[order.module];
    job->run.why_no_module = job->asked.module ? NULL : xstrdup("there is none");
    job->asked.timeout_ms = order.timeout_ms;
    job->asked.soft_timeout_ms = order.soft_timeout_ms;
    job->asked.link = order.link & 3;
    job->asked.notify_accepted = order.accepted;
    job->asked.notify_started = order.started;
    job->asked.notify_progress = order.progress;
    job->asked.notify_part = order.parts;
    job->asked.notify_usage = order.usage;
    job->run.over_budget = order.over_budget;
    if (order.size) {
        job->asked.payload = payload_new(&budget, order.size, 1, true);
        job->asked.payload->have = job->asked.payload->size; /* nobody looks at its bytes */
    }
    job_set_source(job, &source_of(order.source ? order.source : 'a')->source);
    dispatcher_submit(&d, job);
    return seq;
}

struct worker *the_worker(uint32_t id)
{
    struct worker *worker = pool_find(&d.pool, id);
    ck_assert_msg(worker != NULL, "there is no worker %u", id);
    return worker;
}

struct job *the_job(uint64_t seq)
{
    struct job *job = dispatcher_find(&shared, seq);
    ck_assert_msg(job != NULL, "there is no job %ju", (uintmax_t)seq);
    return job;
}

void ready(uint32_t id)
{
    dispatcher_worker_ready(the_worker(id));
}

void ready_without(uint32_t id)
{
    dispatcher_worker_ready_without(the_worker(id), "a module refuses");
}

void finishes(uint32_t id, struct worker_answer answer)
{
    struct sim_worker *sim = the_worker(id)->ops_data;
    ck_assert(sim_finish(sim, &answer));
    if (!lazy)
        sim_begin(sim);
}

void reads(uint32_t id)
{
    ck_assert(sim_read(the_worker(id)->ops_data));
}

void done(uint32_t id)
{
    finishes(id, (struct worker_answer){.type = JOB_DONE});
    reads(id);
}

struct worker_answer a_failure(enum fail_reason reason, const char *code)
{
    return (struct worker_answer){
        .type = JOB_FAILED, .fail = reason, .code = code, .message = "words", .message_len = 5};
}

void fails(uint32_t id, const char *code)
{
    finishes(id, a_failure(FAIL_MODULE, code));
    reads(id);
}

void lost(uint32_t id, int signo)
{
    struct sim_worker *sim = the_worker(id)->ops_data;
    struct worker_exit end = {.why = "it was ended"};
    end.signal = signo > 0 ? signo : 0;
    end.exited = signo <= 0;
    end.exit_status = signo < 0 ? -signo : 0;
    sim->dead = true;
    if (sim->worker->state != WORKER_STARTING)
        sim->worker->leaving = true; /* it gets no other job while we look */
    while (sim_read(sim))
        ;
    dispatcher_worker_lost(sim->worker, &end);
}

void reaped(uint32_t id)
{
    dispatcher_worker_reaped(the_worker(id));
}

void dies(uint32_t id, int signo)
{
    lost(id, signo);
    reaped(id);
}

void stops(uint32_t id)
{
    sim_of(the_worker(id))->stopped = true;
}

void goes_on(uint32_t id)
{
    struct sim_worker *sim = sim_of(the_worker(id));
    sim->stopped = false;
    take_pings(sim);
    if (!lazy)
        sim_begin(sim);
}

void pass_us(uint64_t us)
{
    uint64_t end_us = timers.now_us + us;
    while (timers_next(&timers) <= end_us) {
        timers_turn(&timers, timers_next(&timers));
        timers_run(&timers);
        if (!silent)
            check_invariants();
    }
    timers_turn(&timers, end_us);
}

void pass_ms(uint64_t ms)
{
    pass_us(ms * 1000);
}

void turn(void)
{
    timers_turn(&timers, timers.now_us + 1);
    timers_run(&timers);
    check_invariants();
}

void world_close(void)
{
    struct worker *worker;
    silent = true;
    memset(&hooks, 0, sizeof hooks);
    if (!shared.draining)
        dispatcher_drain(&d, false);
    dispatcher_abort(&d);
    for (int state = 0; state < WORKER_STATES; state++)
        while ((worker = TAILQ_FIRST(&d.pool.lists[state])))
            dies(worker->id, SIGKILL);
    for (int i = 0; i < 10000 && dispatcher_waiting(&d); i++)
        turn();
    ck_assert(dispatcher_is_drained(&d));
    check_invariants();
    for (int i = 0; i < SOURCES; i++)
        ck_assert_uint_eq(sources[i].source.job_count, 0);
    dispatcher_free(&d);
    dispatch_shared_free(&shared);
    ck_assert_uint_eq(timers.set.count, 0);
    ck_assert_uint_eq(budget.held, 0);
    ck_assert_uint_eq(shared.hold.coming, 0);
    timers_free(&timers);
}

/* --- ways to begin a test --- */

TCase *recorder_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, NULL, world_close);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return tc;
}

void open_pool(uint32_t pool_start, uint32_t pool_max, uint32_t job_max)
{
    limits = (struct job_settings){
        .pool.pool_start = pool_start,
        .pool.pool_max = pool_max,
        .pool.job_max = job_max,
        .start_timeout_ms = START_TIMEOUT_MS,
        .kill_grace_ms = GRACE_MS,
        .pool.worker_window = 1,
    };
    world_open();
    dispatcher_start(&d);
}

void open_idle(uint32_t workers, uint32_t pool_max, uint32_t job_max)
{
    open_pool(workers, pool_max, job_max);
    for (int i = 0; d.pool.counts[WORKER_STARTING] < workers; i++) {
        ck_assert_int_lt(i, 100 + (int)workers);
        pass_ms(BATCH_MS); /* many are started over several turns */
    }
    for (uint32_t id = 1; id <= workers; id++)
        ready(id);
    hush_news();
}

void reconfigure(bool renew)
{
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, renew);
}

void open_warm(uint32_t workers, uint32_t window)
{
    limits = (struct job_settings){
        .pool.pool_start = workers,
        .pool.pool_max = workers,
        .pool.job_max = 1000,
        .start_timeout_ms = 10000,
        .kill_grace_ms = GRACE_MS,
        .pool.worker_window = window,
    };
    world_open();
    dispatcher_start(&d);
    for (uint32_t id = workers; id >= 1; id--)
        ready(id);
    pass_ms(100);
    for (uint32_t id = 1; id <= workers; id++)
        SUBMIT();
    for (uint32_t id = workers; id >= 1; id--)
        done(id);
    hush_news();
    lazy = true;
}

void begins(uint32_t id)
{
    ck_assert(sim_begin(the_worker(id)->ops_data));
}

void finishes_well(uint32_t id)
{
    finishes(id, (struct worker_answer){.type = JOB_DONE});
}

void submit_many(int count)
{
    for (int i = 0; i < count; i++)
        SUBMIT(.started = true);
}

void open_prefetched(void)
{
    open_warm(1, 4);
    submit_many(11);
    ck_told("give 1 j2, a2 started 1 #2");
    begins(1);
    finishes_well(1);
    reads(1);
    ck_told("a2 done, give 1 j3, a3 started 1 #3, give 1 j4, give 1 j5, give 1 j6");
    begins(1);
    ck_assert_uint_eq(d.line.prefetched_count, 3);
    ck_assert_uint_eq(dispatcher_waiting(&d), 9);
}
