/*
 * test_dispatcher_walk: a long random walk of all events of the dispatcher, checked against its
 * promises. Every submitted job ends exactly once and is begun at most once. The first in is the
 * first out. Each refusal has its reason. Nobody is hurt for another's sake, and the books balance
 * after every step.
 *
 * Workers go on while the master looks away: at each operation a worker may finish its job and
 * begin the next. So the walk meets every race between the two. TEST_SEED walks one way again.
 */
#include "tests/unit/jobs/recorder.h"

enum { STEPS = 100000, FINAL_TURNS = 100000 };

enum phase { NOT_SUBMITTED, IN_LINE, HANDED, ENDED };

/* A job as it ought to be. */
struct expected {
    uint8_t phase;
    bool begun, answered_done, answered_failed;
    bool unfit;     /* its worker has begun it, and then says otherwise */
    bool direct;    /* the last time it was given to an idle worker */
    bool cancelled; /* somebody asked for it, or was tied to it */
    bool accepted, started, accepted_wanted, started_wanted;
    bool orphaned, no_module, over_budget;
    char source;
    uint32_t limit_ms;
    uint64_t submitted_us, begun_us;
    uint32_t max_wait_ms;
    bool marked, told, down; /* news of the end, to each reader */
};

static struct chance chance;
static struct expected *jobs; /* by number */
static uint64_t next_in_line; /* all before it were handed out or have ended */
static bool leaving[SOURCES]; /* gone, and jobs are left */
static bool aborting;
static bool operator_kills;
static bool paused;     /* by the operator, who has the answer */
static unsigned deaths; /* of a thousand steps, how many kill a worker */
static uint32_t window_max;
static uint64_t tally_done, tally_failed[FAIL_REASONS], tally_overload[OVERLOAD_REASONS];
static uint64_t tally_given_back; /* jobs begun, and handed out again */
static int last_refusal;
static uint64_t left_to_busy;        /* jobs put into the line beside an idle worker */
static uint64_t held_back;           /* jobs put into the line as their source was held */
static uint64_t passed_by;           /* how often jobs were passed */
static struct payload_budget unread; /* of all sources */
static struct news_reader all, of_marked;

static bool percent(unsigned of_hundred)
{
    return chance_percent(&chance, of_hundred);
}

static size_t below(size_t n)
{
    return chance_below(&chance, n);
}

/* --- workers go on by themselves --- */

static void work(struct sim_worker *sim)
{
    struct handed *on = handed_in(sim, BEGUN);
    struct worker_answer answer = {.type = JOB_DONE};
    uint64_t run_us = 1 + below(below(2000) ? 45 : 5000);
    if (on && !sim->dead && percent(70)) {
        struct expected *job = &jobs[on->seq];
        if (percent(15))
            answer = a_failure(percent(80) ? FAIL_MODULE : FAIL_TOO_LARGE, "no");
        if (percent(3)) {
            answer = a_failure(FAIL_UNAVAILABLE, NULL);
            answer.unfit = true;
        }
        job->unfit = answer.unfit;
        job->answered_done = answer.type == JOB_DONE;
        job->answered_failed = answer.type == JOB_FAILED && !answer.unfit;
        answer.run_us = run_us;
        sim_finish(sim, &answer);
    }
    if (percent(80))
        sim_begin(sim);
}

static void on_step(struct sim_worker *sim)
{
    if (percent(20))
        work(sim);
}

/* No job is ever begun twice, whatever becomes of workers. */
static void on_begun(struct sim_worker *sim, uint64_t seq)
{
    hot_assert(!sim->dead && !paused);
    hot_assert_msg(!jobs[seq].begun || jobs[seq].unfit, "job %ju is begun twice", (uintmax_t)seq);
    tally_given_back += jobs[seq].unfit;
    jobs[seq].begun = true;
    jobs[seq].begun_us = timers.now_us;
    jobs[seq].unfit = false;
}

/* Passed jobs belong to sources held or gone. */
static void check_passed(uint64_t until)
{
    for (uint64_t seq = next_in_line; seq < until; seq++) {
        const struct job_source *source = &source_of(jobs[seq].source)->source;
        if (jobs[seq].phase > IN_LINE)
            continue;
        hot_assert_msg(source->held || source->gone, "job %ju overtakes job %ju", (uintmax_t)until,
                       (uintmax_t)seq);
        passed_by++;
    }
}

/* First in, first out: this holds for all jobs of free sources without a worker so far. */
static void on_handed(struct sim_worker *sim, struct job *job)
{
    struct expected *expected = &jobs[job->seq];
    hot_assert(expected->phase == IN_LINE || expected->phase == HANDED);
    hot_assert((!expected->begun || expected->unfit) && !shared.draining && !paused);
    expected->direct = sim->worker->state == WORKER_IDLE;
    if (expected->phase == IN_LINE) {
        expected->phase = HANDED;
        hot_assert(!job->source->held);
        while (jobs[next_in_line].phase > IN_LINE && next_in_line < job->seq)
            next_in_line++;
        check_passed(job->seq);
    }
    if (percent(70))
        sim_begin(sim);
}

/* A signal hits a job being stopped, or nobody. */
static void on_signalled(struct sim_worker *sim, int signo)
{
    const struct handed *on = handed_in(sim, BEGUN);
    const struct job *job = sim->worker->job;
    bool meant = aborting || operator_kills;
    hot_assert_msg(!on || meant || (job && job->seq == on->seq && job->state == JOB_STOPPING),
                   "a signal hits job %ju", (uintmax_t)on->seq);
    if (percent(signo == SIGKILL ? 80 : 30))
        sim->dead = true;
}

/* --- deaths, and how they become known --- */

static struct worker *any_worker(void)
{
    size_t n = pool_count(&d.pool);
    struct worker *worker;
    n = n ? below(n) : 0;
    for (int state = 0; state < WORKER_STATES; state++)
        TAILQ_FOREACH (worker, &d.pool.lists[state], link)
            if (n-- == 0)
                return worker;
    return NULL;
}

static int any_end(void)
{
    static const int ends[] = {SIGSEGV, SIGKILL, SIGTERM, -1, -0};
    return ends[below(SUPPORT_COUNT(ends))];
}

/* The socket's end first, the process's first, or both at once. */
static void notice(struct worker *worker)
{
    struct sim_worker *sim = worker->ops_data;
    bool starting = worker->state == WORKER_STARTING;
    if (!sim->dead)
        return;
    switch (below(4)) {
    case 0: /* the end of its socket alone; unread answers count */
        if (!starting)
            worker->leaving = true;
        while (sim_read(sim))
            ;
        if (worker->state == WORKER_IDLE)
            lost(worker->id, any_end());
        break;
    case 1:
        lost(worker->id, any_end());
        break;
    default:
        dies(worker->id, any_end());
    }
}

static void on_polled(struct sim_worker *sim)
{
    uint32_t id = sim->worker->id;
    struct worker *other = any_worker();
    if (percent(30) && other)
        notice(other);
    struct worker *worker = pool_find(&d.pool, id); /* perhaps that job */
    if (worker && sim_of(worker)->dead && percent(50))
        notice(worker);
    else if (worker && worker->state == WORKER_STARTING && percent(30))
        dispatcher_worker_ready(worker);
    else if (worker)
        while (sim_read(worker->ops_data))
            ;
}

/* --- events --- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return !a ? b : !b ? a : a < b ? a : b;
}

static void check_failed(const struct expected *expected, const struct job_event *event)
{
    uint32_t wait_ms;
    switch (event->fail) {
    case FAIL_MODULE:
    case FAIL_TOO_LARGE:
        hot_assert(expected->answered_failed);
        break;
    case FAIL_ERROR: /* only the current job of a worker, as far as was known */
        hot_assert(expected->begun || expected->direct);
        hot_assert(!expected->answered_done && !expected->answered_failed);
        break;
    case FAIL_TIMEOUT:
        hot_assert(expected->limit_ms);
        hot_assert(timers.now_us - expected->begun_us + 1000 >=
                   expected->limit_ms * UINT64_C(1000));
        hot_assert(event->step != STOP_NONE);
        break;
    case FAIL_CANCELLED:
        hot_assert(expected->cancelled);
        hot_assert(!expected->answered_done);
        break;
    case FAIL_EXPIRED:
        wait_ms = least(d.limits.max_wait_ms, expected->max_wait_ms);
        hot_assert((!expected->begun || expected->unfit) && wait_ms);
        hot_assert(timers.now_us - expected->submitted_us >= wait_ms * 1000ull);
        break;
    case FAIL_UNKNOWN_MODULE:
        hot_assert(expected->no_module);
        break;
    case FAIL_UNAVAILABLE:
        hot_assert(!expected->begun || expected->unfit);
        break;
    default:
        hot_assert(event->fail == FAIL_SHUTDOWN && shared.draining);
    }
}

static void on_terminal(struct expected *expected, const struct job_event *event)
{
    expected->phase = ENDED;
    if (event->type == JOB_DONE) {
        hot_assert(expected->answered_done);
        tally_done++;
    } else if (event->type == JOB_FAILED) {
        check_failed(expected, event);
        tally_failed[event->fail]++;
    } else {
        last_refusal = (int)event->overload;
        hot_assert(!expected->accepted);
        tally_overload[event->overload]++;
    }
}

static void told(struct test_source *source, struct job *job, const struct job_event *event)
{
    struct expected *expected = &jobs[job->seq];
    hot_assert_msg(expected->phase != ENDED, "job %ju ends twice", (uintmax_t)job->seq);
    hot_assert(expected->phase != NOT_SUBMITTED && source->name == expected->source);
    if (event->type == JOB_ACCEPTED) {
        hot_assert(expected->accepted_wanted && !expected->accepted && !expected->started);
        expected->accepted = true;
    } else if (event->type == JOB_STARTED) {
        hot_assert(expected->started_wanted && !expected->started);
        hot_assert(expected->accepted || !expected->accepted_wanted);
        expected->started = true;
    } else {
        on_terminal(expected, event);
    }
}

static void left(struct test_source *source, struct job *job)
{
    struct expected *expected = &jobs[job->seq];
    if (!source->source.gone)
        hot_assert(expected->phase == ENDED);
    else if (job->state != JOB_ENDED)
        expected->orphaned = true;
    else if (job->run.order == 0) /* dropped; others may have run meanwhile */
        hot_assert(!expected->begun || expected->unfit);
    if (job->state == JOB_ENDED)
        expected->phase = ENDED;
}

/* --- news --- */

static void on_news_of_end(struct news_reader *reader, const struct job *job,
                           const struct job_end *end)
{
    struct expected *expected = &jobs[job->seq];
    bool *told = reader == &all ? &expected->told : &expected->down;
    hot_assert_msg(!*told, "the end of job %ju is news twice", (uintmax_t)job->seq);
    hot_assert(reader == &all || expected->marked);
    hot_assert(end->dropped || end->orphaned || expected->phase == ENDED);
    *told = true;
}

static void read_news(void)
{
    all = of_marked = (struct news_reader){.on_end = on_news_of_end};
    news_want(&shared.news, &all, NEWS_ENDS);
    news_want(&shared.news, &of_marked, NEWS_MARKED);
}

/* Each job has told its end once, a marked one to both. */
static void end_news(void)
{
    for (uint64_t seq = 1; seq <= shared.last_seq; seq++)
        hot_assert(jobs[seq].told && jobs[seq].down == jobs[seq].marked);
    news_want(&shared.news, &all, 0);
    news_want(&shared.news, &of_marked, 0);
}

/* --- submits: section 6 once more, in other words --- */

static bool can_start(void)
{
    return !shared.draining && !timer_is_set(&d.starts.pause) &&
           pool_places(&d.pool, limits.pool.pool_max) < limits.pool.pool_max &&
           (!d.starts.failures || !d.pool.counts[WORKER_STARTING]);
}

enum verdict { SHUTDOWN, UNKNOWN, MEMORY, QUOTA, FULL, ASSIGNED, WAITS };

static enum verdict verdict_on(const struct order *order)
{
    size_t waiting = dispatcher_waiting(&d), starting = d.pool.counts[WORKER_STARTING];
    const struct test_source *source = source_of(order->source);
    if (shared.draining)
        return SHUTDOWN;
    if (order->module < 0)
        return UNKNOWN;
    if (order->over_budget)
        return MEMORY;
    if (limits.client_job_max && source->source.job_count >= limits.client_job_max)
        return QUOTA;
    if (source->source.held || d.paused)
        return waiting < limits.pool.job_max ? WAITS : FULL;
    bool room = waiting < limits.pool.job_max + starting ||
                (waiting < limits.pool.job_max + limits.pool.pool_max && can_start());
    if (d.aside.count && modules[order->module].history.refusals && !room)
        return FULL;
    if (pool_idle(&d.pool) && !job_queue_ready(&d.line.queue))
        return ASSIGNED;
    return room ? WAITS : FULL;
}

/* As many of such jobs run as keep the processors busy, they are tiny, and no others wait. */
static bool may_be_left(const struct module_entry *module)
{
    return limits.pool.worker_window > 1 && limits.processors && module->history.mean_run_us &&
           module->history.mean_run_us <= 50 && module->running >= 2 * limits.processors &&
           module->waiting == dispatcher_waiting(&d) &&
           dispatcher_waiting(&d) < limits.pool.job_max;
}

static void check_verdict(enum verdict verdict, const struct order *order,
                          const struct expected *job)
{
    static const int reasons[] = {
        [MEMORY] = OVERLOAD_MEMORY, [QUOTA] = OVERLOAD_CLIENT_QUOTA, [FULL] = OVERLOAD_QUEUE_FULL};
    switch (verdict) {
    case MEMORY:
    case QUOTA:
    case FULL:
        hot_assert(job->phase == ENDED && last_refusal == reasons[verdict]);
        break;
    case SHUTDOWN:
    case UNKNOWN:
        hot_assert(job->phase == ENDED && last_refusal < 0 && !job->accepted);
        break;
    case ASSIGNED:
        hot_assert((job->phase == HANDED && job->direct) || may_be_left(&modules[order->module]));
        left_to_busy += job->phase == IN_LINE;
        break;
    case WAITS:
        hot_assert(job->phase == IN_LINE || job->phase == HANDED);
        held_back += source_of(order->source)->source.held;
    }
}

static void submit_any(void)
{
    size_t source = below(SOURCES);
    struct order order = {
        .source = (char)('a' + source),
        .module = percent(2) ? -1 : (int)below(MODULES),
        .timeout_ms = percent(20) ? 1 + (uint32_t)below(3000) : 0,
        .max_wait_ms = percent(20) ? 1 + (uint32_t)below(3000) : 0,
        .size = percent(20) ? 1 + below(40000) : 0,
        .link = percent(10)  ? JOB_LINKED
                : percent(5) ? JOB_LINKED_ON_FAILURE
                             : JOB_FREE,
        .accepted = percent(50),
        .started = percent(50),
        .over_budget = percent(2),
    };
    if (leaving[source])
        return;
    struct expected *job = &jobs[shared.last_seq + 1];
    *job = (struct expected){
        .phase = IN_LINE,
        .accepted_wanted = order.accepted,
        .started_wanted = order.started,
        .no_module = order.module < 0,
        .over_budget = order.over_budget,
        .source = order.source,
        .submitted_us = timers.now_us,
        .max_wait_ms = order.max_wait_ms,
    };
    if (order.module >= 0)
        job->limit_ms = least(least(order.timeout_ms, modules[order.module].settings.timeout_ms),
                              d.limits.job_timeout_ms);
    enum verdict verdict = verdict_on(&order);
    last_refusal = -1;
    submit_order(order);
    check_verdict(verdict, &order, job);
}

/* --- all other steps --- */

/* A young unfinished job; NULL if chance finds none. */
static struct job *any_job(void)
{
    uint64_t last = shared.last_seq, back = below(last < 100 ? last + 1 : 100);
    return dispatcher_find(&shared, last - back);
}

static void mark_any(void)
{
    struct job *job = any_job();
    if (job)
        job->run.marked = jobs[job->seq].marked = true;
}

static void cancel_any(void)
{
    struct job *job = any_job();
    if (!job)
        return;
    jobs[job->seq].cancelled = true;
    dispatcher_cancel(job, percent(30));
}

static void mark_links(const struct test_source *source)
{
    const struct job *job;
    LIST_FOREACH (job, &source->source.jobs, links.of_source)
        if (job->asked.link)
            jobs[job->seq].cancelled = true;
}

static void source_ends(void)
{
    struct test_source *source = &sources[below(SOURCES)];
    if (leaving[source->name - 'a'])
        return;
    mark_links(source);
    source->source.leave |= percent(50);
    dispatcher_source_ended(&shared, &source->source);
}

static void source_goes(size_t i)
{
    mark_links(&sources[i]);
    leaving[i] = !dispatcher_source_gone(&shared, &sources[i].source);
    if (leaving[i])
        return;
    hot_assert(sources[i].source.job_count == 0);
    unread.held -= sources[i].source.unread;
    new_source(&sources[i]); /* another one connects */
}

static void read_any(void)
{
    struct worker *worker = any_worker();
    if (!worker)
        return;
    for (size_t n = 1 + below(4); n; n--)
        sim_read(worker->ops_data);
}

static void work_any(void)
{
    struct worker *worker = any_worker();
    if (!worker || sim_of(worker)->dead)
        return;
    for (size_t n = 1 + below(4); n; n--)
        work(worker->ops_data);
}

static void ready_any(void)
{
    struct worker *worker = TAILQ_FIRST(&d.pool.lists[WORKER_STARTING]);
    if (!worker || sim_of(worker)->dead)
        return;
    if (percent(10))
        ready_without(worker->id);
    else
        dispatcher_worker_ready(worker);
}

static void silent_any(void)
{
    struct worker *worker = any_worker();
    if (worker)
        dispatcher_worker_silent(worker);
}

/* Seldom before it is ready: while starts are held back little else happens. */
static void kill_any(void)
{
    struct worker *worker = any_worker();
    if (worker && (worker->state != WORKER_STARTING || percent(20)))
        sim_of(worker)->dead = true;
}

static void operator_kills_any(void)
{
    struct worker *worker = any_worker();
    if (!worker)
        return;
    operator_kills = true;
    dispatcher_kill_worker(worker);
    operator_kills = false;
}

/* Until the next reconfigure_any(). */
static void resize_any(void)
{
    limits.pool.pool_max = 1 + (uint32_t)below(12);
    limits.pool.pool_start = (uint32_t)below(limits.pool.pool_max + 1);
    dispatcher_resize(
        &d, &(struct pool_size){limits.pool.pool_start, limits.pool.pool_max, limits.pool.job_max});
}

/* A process is stopped for a while. */
static void stop_any(void)
{
    struct worker *worker = any_worker();
    if (worker && worker->state != WORKER_STARTING)
        stops(worker->id);
}

static void go_on_any(void)
{
    struct worker *worker = any_worker();
    if (worker && !sim_of(worker)->dead)
        goes_on(worker->id);
}

static void ping_all(void)
{
    dispatcher_ping(&d);
}

/* Deaths become known. A worker told to end does so, sooner or later. */
static void notice_any(void)
{
    struct worker *worker = any_worker();
    if (!worker)
        return;
    if (worker_is_ending(worker) && !worker->job && percent(50))
        sim_of(worker)->dead = true;
    notice(worker);
}

static void recycle_any(void)
{
    struct worker *worker = any_worker();
    if (percent(10))
        dispatcher_recycle(&d);
    else if (worker)
        dispatcher_worker_leaves(worker, percent(50) ? END_RECYCLE : END_MAX_RSS);
}

/* While the pause begins, workers may still begin jobs. */
static void pause_any(void)
{
    hot_assert(d.paused == paused);
    if (paused) {
        paused = false;
        dispatcher_resume(&d);
    } else if (percent(20)) {
        dispatcher_pause(&d);
        paused = true;
    }
}

/* Workers for whom the quarter counts. One that refuses is out of service before its last job. */
static size_t count_recycled(void)
{
    static const enum worker_state ending[] = {WORKER_RETIRING, WORKER_STOPPING};
    const struct worker *worker;
    size_t count = 0;
    for (size_t i = 0; i < SUPPORT_COUNT(ending); i++)
        TAILQ_FOREACH (worker, &d.pool.lists[ending[i]], link)
            count += !sim_of(worker)->dead && !worker->refused &&
                     (worker->end == END_RECYCLE || worker->end == END_MAX_RSS ||
                      worker->end == END_MAX_JOBS);
    return count;
}

/* At most a quarter of the workers, and at least one, are taken out of service. Others with the
 * same wish may have to make room, or were idle for long. */
static void check_quarter(size_t before, bool otherwise)
{
    size_t most = pool_count(&d.pool) / 4, count = count_recycled();
    hot_assert(otherwise || count <= before || count <= (most ? most : 1));
}

static void reconfigure_any(void)
{
    static const uint32_t job_max[] = {0, 5, 50, 200}, quota[] = {0, 0, 0, 3, 30},
                          start_ms[] = {500, 10000}, limit_ms[] = {0, 0, 200, 2000},
                          wait_ms[] = {0, 0, 100, 3000}, grace_ms[] = {1, 100, 2000},
                          begin_ms[] = {0, 100, 5000}, max_jobs[] = {0, 0, 1, 10, 100},
                          idle_ms[] = {0, 5, 1000};
    limits = (struct job_settings){
        .pool.pool_max = 1 + (uint32_t)below(12),
        .pool.job_max = job_max[below(SUPPORT_COUNT(job_max))],
        .client_job_max = quota[below(SUPPORT_COUNT(quota))],
        .start_timeout_ms = start_ms[below(SUPPORT_COUNT(start_ms))],
        .pool.job_timeout_ms = limit_ms[below(SUPPORT_COUNT(limit_ms))],
        .kill_grace_ms = grace_ms[below(SUPPORT_COUNT(grace_ms))],
        .ping_misses = (uint32_t)below(3),
        .begin_timeout_ms = begin_ms[below(SUPPORT_COUNT(begin_ms))],
        .allow_debug = percent(20),
        .dead_kill_ms = (uint32_t)below(10000),
        .pool.worker_max_jobs = max_jobs[below(SUPPORT_COUNT(max_jobs))],
        .pool.idle_timeout_ms = idle_ms[below(SUPPORT_COUNT(idle_ms))],
        .pool.worker_window = 1 + (uint32_t)below(window_max),
        .pool.max_wait_ms = wait_ms[below(SUPPORT_COUNT(wait_ms))],
        .processors = percent(20) ? 0 : 1,
        .source_unread_max = percent(30) ? 0 : 1 + below(600000),
        .source_output_max = percent(30) ? 0 : 1 + below(2000000),
    };
    unread.max = percent(30) ? UINT64_MAX : below(8000000);
    limits.pool.pool_start = (uint32_t)below(limits.pool.pool_max + 1);
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, percent(30));
    /* The limit changes for jobs assigned from now on; tests compare the least of all limits. */
    for (uint64_t seq = 1; seq <= shared.last_seq; seq++)
        if (jobs[seq].phase != ENDED)
            jobs[seq].limit_ms = least(jobs[seq].limit_ms, limits.pool.job_timeout_ms);
}

/* A client reads, or does not. */
static void reader_any(void)
{
    struct test_source *source = &sources[below(SOURCES)];
    uint64_t bytes = percent(40) ? 0 : below(percent(70) ? 500000 : 2000000);
    if (leaving[source->name - 'a'])
        return;
    unread.held += bytes - source->source.unread;
    dispatcher_source_unread(&shared, &source->source, bytes);
}

static void announce_any(void)
{
    struct worker *worker = any_worker();
    if (worker)
        dispatcher_worker_sends(worker, below(500000));
}

static void time_passes(void)
{
    pass_us(percent(70) ? below(500) : below(percent(90) ? 300000 : 5000000));
}

static void one_step(void)
{
    static const struct {
        unsigned weight;
        void (*action)(void);
    } actions[] = {
        {300, submit_any},    {350, work_any},  {300, read_any},         {120, ready_any},
        {120, notice_any},    {30, cancel_any}, {60, time_passes},       {4, source_ends},
        {3, reconfigure_any}, {10, silent_any}, {60, reader_any},        {10, announce_any},
        {10, stop_any},       {40, go_on_any},  {20, ping_all},          {6, recycle_any},
        {8, pause_any},       {4, resize_any},  {4, operator_kills_any}, {20, mark_any},
    };
    unsigned total = 0;
    for (size_t i = 0; i < SUPPORT_COUNT(actions); i++)
        total += actions[i].weight;
    size_t at = below(total), i = 0;
    while (at >= actions[i].weight)
        at -= actions[i++].weight;
    size_t recycled = count_recycled();
    bool otherwise =
        d.renewal.renewed != d.renewal.reloads || d.aside.count || actions[i].action == time_passes;
    actions[i].action();
    check_quarter(recycled, otherwise);
    if (below(1000) < deaths)
        kill_any();
    if (below(1000) < 4)
        source_goes(below(SOURCES));
    for (size_t k = 0; k < SOURCES; k++)
        if (leaving[k] && percent(50))
            source_goes(k);
    if (below(1000) < 2)
        no_forks = percent(10);
}

/* --- the end --- */

static void walk_to_the_end(void)
{
    int turns = 0;
    no_forks = false;
    paused = false;
    dispatcher_resume(&d);
    for (size_t k = 0; k < SOURCES; k++)
        while (leaving[k])
            source_goes(k);
    dispatcher_drain(&d, false);
    while (!tally_failed[FAIL_SHUTDOWN])
        submit_any();
    while (!dispatcher_is_drained(&d)) {
        hot_assert(++turns < FINAL_TURNS);
        if (turns == FINAL_TURNS / 10) { /* enough */
            aborting = percent(50);
            if (aborting)
                dispatcher_abort(&d);
            else
                dispatcher_stop(&d);
        }
        work_any();
        go_on_any();
        read_any();
        notice_any();
        if (percent(5))
            submit_any();
        if (percent(5))
            time_passes();
        check_invariants();
    }
}

static void check_books(void)
{
    for (uint64_t seq = 1; seq <= shared.last_seq; seq++)
        hot_assert_msg(jobs[seq].phase == ENDED || jobs[seq].orphaned, "job %ju has not ended",
                       (uintmax_t)seq);
    ck_assert_uint_eq(tally_done, shared.counts.done);
    for (int i = 0; i < FAIL_REASONS; i++)
        ck_assert_uint_eq(tally_failed[i], shared.counts.failed[i]);
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        ck_assert_uint_eq(tally_overload[i], shared.counts.overload[i]);
    /* The walk has been to every corner. */
    ck_assert_uint_gt(shared.counts.done, STEPS / 100);
    ck_assert_uint_gt(backs[false], 0);
    ck_assert_uint_gt(backs[true], 0);
    ck_assert_uint_gt(tally_given_back, 0);
    ck_assert(window_max > 1 || left_to_busy == 0);
    ck_assert_uint_gt(shared.counts.dropped, 0);
    ck_assert_uint_gt(shared.counts.orphaned, 0);
    ck_assert_uint_gt(held_back, 0);
    for (enum worker_end end = END_UNDECIDED + 1; worker_end_is_wish(end); end++)
        ck_assert_msg(d.pool.ends[end] > 0, "no worker ended with reason %s", worker_end_name(end));
    ck_assert_uint_gt(passed_by, 0);
    for (int i = 0; i < FAIL_REASONS; i++)
        ck_assert_msg(tally_failed[i] > 0, "no job failed with reason %s",
                      fail_reason_name((enum fail_reason)i));
    for (int i = 0; i < OVERLOAD_REASONS; i++) /* a service's owner is no part of the walk */
        ck_assert(tally_overload[i] > 0 || i == OVERLOAD_SERVICE_FULL);
}

static const struct {
    uint32_t window;
    unsigned deaths; /* of a thousand steps */
} walks[] = {{1, 10}, {16, 5}, {32, 25}};

START_TEST(test_walk)
{
    chance_init(&chance, "dispatcher");
    jobs = calloc(STEPS + FINAL_TURNS + 2, sizeof *jobs);
    ck_assert_ptr_nonnull(jobs);
    deaths = walks[_i].deaths;
    window_max = walks[_i].window;
    limits = (struct job_settings){
        .pool.pool_start = 2,
        .pool.pool_max = 4,
        .pool.job_max = 50,
        .start_timeout_ms = 10000,
        .kill_grace_ms = 2000,
        .pool.worker_window = window_max,
        .processors = 1,
        .source_unread_max = 300000,
        .source_output_max = 1000000,
    };
    world_open();
    read_news();
    unread = (struct payload_budget){.max = UINT64_MAX};
    shared.hold.output = &unread;
    modules[1].settings.timeout_ms = 400;
    silent = lazy = true;
    hooks.step = on_step;
    hooks.begun = on_begun;
    hooks.handed = on_handed;
    hooks.signalled = on_signalled;
    hooks.polled = on_polled;
    hooks.event = told;
    hooks.left = left;
    next_in_line = 1;
    left_to_busy = held_back = passed_by = 0;
    jobs[0].phase = ENDED;
    dispatcher_start(&d);
    for (int i = 0; i < STEPS; i++) {
        one_step();
        check_invariants();
    }
    walk_to_the_end();
    check_books();
    end_news();
    world_close();
    free(jobs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dispatcher_walk");
    TCase *tc = tcase_create("walk");
    tcase_add_loop_test(tc, test_walk, 0, SUPPORT_COUNT(walks));
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
