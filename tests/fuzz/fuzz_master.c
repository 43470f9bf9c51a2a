/*
 * fuzz_master: the dispatcher's whole state machine, with workers, sources and a clock of our own.
 *
 * The input is a list of steps: a source submits, cancels or goes; a worker's process starts,
 * begins a job, answers, lies, closes its connection, hangs or dies; the master reads from it,
 * reaps it, or is late to do so; time passes; settings change; the server drains. After each step
 * the books are checked: every job is in one place, the counts add up, the bounds hold, no worker
 * idles while a job waits, jobs are handed out first in, first out, and each is told its end once.
 * Then the workers behave, and what is left must come to its end; then the server drains, and
 * nothing may be left.
 *
 * The simulated workers stand where src/workers/link.c stands in production and follow its rules:
 * what a dead worker has sent still counts, a closed connection is given 200 ms for the death to be
 * seen, and a killed process that is not reaped within a second is told as lost.
 */
#include "common/log.h"
#include "jobs/dispatcher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    SOURCES = 3,
    MODULES = 2,
    JOBS_MAX = 300,
    UNREAD_MAX = 100000,
    STEPS_MAX = 2000,
    HANDED_MAX = 80, /* jobs that one worker was handed and the master has not heard of yet */
    SENT_MAX = 160,
    KILLED_GRACE_MS = 1000,
    CLOSED_GRACE_MS = 200,
    ROUNDS_MAX = 400,
};

struct input {
    const uint8_t *data;
    size_t left;
};

/* --- what we know of the jobs --- */

enum { SEEN_ACCEPTED = 1, SEEN_STARTED = 2, SEEN_END = 4, SEEN_LEFT = 8 };

struct known_job {
    struct job *job; /* NULL once it has left its source */
    struct source *source;
    unsigned seen;
    bool notify_accepted, notify_started;
    bool handed;     /* to some worker, at least once */
    bool prefetched; /* the last time: handed to a busy worker */
    bool begun;      /* by the worker that it was handed to last */
};

struct source {
    struct job_source source; /* first */
    bool ended, leaving, used;
};

/* --- workers --- */

enum claim { OFFERED, BEGUN, TAKEN };

struct handed {
    uint64_t seq;
    enum claim claim;
};

enum message_type { SAYS_READY, SAYS_DONE, SAYS_FAILED };

struct message {
    enum message_type type;
    uint64_t seq;
};

struct sim {
    TAILQ_ENTRY(sim) link;
    struct worker *worker;
    bool dead, reaped;      /* the process */
    bool stuck;             /* dead, but the kernel does not let it go yet */
    bool hung;              /* does nothing any more, and takes no notice of SIGTERM */
    bool connected, closed; /* the master's end; by the worker */
    bool told_to_end, told_term, said_ready, lost;
    struct handed handed[HANDED_MAX];
    size_t handed_first, handed_count;
    struct message sent[SENT_MAX];
    size_t sent_first, sent_count;
    struct timer timer;
};

static struct dispatcher d;
static struct timers timers;
static struct payload_budget budget;
static struct module_entry modules[MODULES];
static struct source sources[SOURCES];
static struct known_job known[JOBS_MAX + 1];
static TAILQ_HEAD(, sim) sims = TAILQ_HEAD_INITIALIZER(sims);
static unsigned starts_that_fail;
static struct job_settings limits, highest; /* in force; the highest there have been */
static pid_t last_pid;

static uint8_t take(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->data++;
}

static struct sim *sim_of(const struct worker *worker)
{
    return worker->ops_data;
}

/* --- sources --- */

static struct known_job *known_of(const struct job *job)
{
    bug_on(!job->seq || job->seq > JOBS_MAX);
    return &known[job->seq];
}

static void on_event(struct job_source *source, struct job *job, const struct job_event *event)
{
    struct known_job *k = known_of(job);
    bug_on(&k->source->source != source || source->gone || k->seen & (SEEN_END | SEEN_LEFT));
    k->job = job;
    switch (event->type) {
    case JOB_ACCEPTED:
        bug_on(k->seen || !k->notify_accepted);
        k->seen |= SEEN_ACCEPTED;
        return;
    case JOB_STARTED:
        bug_on(k->seen & SEEN_STARTED || !k->notify_started || !job->run.order);
        k->seen |= SEEN_STARTED;
        return;
    case JOB_DONE:
        bug_on(!job->run.order || !k->handed);
        break;
    case JOB_FAILED:
        bug_on(!event->message || event->message_len > MESSAGE_MAX);
        bug_on(event->fail == FAIL_UNKNOWN_MODULE && job->asked.module);
        bug_on(event->fail == FAIL_ERROR && k->prefetched &&
               !k->begun); /* nothing was lost with it */
        bug_on(event->step != STOP_NONE && !job->run.order);
        break;
    case JOB_OVERLOAD:
        bug_on(job->run.order || k->seen || event->retry_after_ms == 0);
        break;
    }
    k->seen |= SEEN_END;
}

static void on_left(struct job_source *source, struct job *job)
{
    struct known_job *k = known_of(job);
    bug_on(&k->source->source != source || k->seen & SEEN_LEFT);
    bug_on(!source->gone && !(k->seen & SEEN_END));
    k->seen |= SEEN_LEFT;
    k->job = NULL;
}

static struct source *living_source(struct input *input)
{
    struct source *source = &sources[take(input) % SOURCES];
    if (source->leaving)
        return NULL;
    if (!source->used)
        *source = (struct source){.source = {.event = on_event, .left = on_left}, .used = true};
    return source;
}

static void submit(struct input *input)
{
    struct source *source = living_source(input);
    uint64_t seq = d.last_seq + 1;
    uint8_t what = take(input);
    if (!source || source->ended || seq > JOBS_MAX)
        return;
    struct job *job = job_new("1", 1, "", 0);
    job->asked.module = what % 16 == 15 ? NULL : &modules[what % MODULES];
    job->asked.timeout_ms = what & 16 ? take(input) * 10u : 0;
    job->asked.link = what & 32;
    job->asked.notify_accepted = job->asked.notify_started = what & 64;
    job->run.over_budget = what % 32 == 30;
    if (what & 128)
        job->asked.payload = payload_new(&budget, what % 64 == 33 ? 20000 : 10, 10, true);
    known[seq] = (struct known_job){
        .job = job, .source = source, .notify_accepted = what & 64, .notify_started = what & 64};
    job_set_source(job, &source->source);
    dispatcher_submit(&d, job);
    bug_on(d.last_seq + 1 != seq + 1);
}

/* One of the jobs that have not ended, whoever submitted it. */
static void cancel(struct input *input)
{
    uint64_t last = d.last_seq, seq = last - take(input) % (last + 1);
    struct job *job = seq ? dispatcher_find(&d, seq) : NULL;
    uint8_t kill = take(input);
    if (job)
        dispatcher_cancel(&d, job, kill & 1);
}

static void end_source(struct input *input)
{
    struct source *source = living_source(input);
    if (!source)
        return;
    source->ended = true; /* it submits no more */
    dispatcher_source_ended(&d, &source->source);
}

/* What it was told is taken, or not. */
static void read_or_not(struct input *input)
{
    struct source *source = living_source(input);
    if (source)
        dispatcher_source_unread(&d, &source->source, take(input) * 1000u);
}

static void lose_source(struct source *source)
{
    source->leaving = true;
    if (!dispatcher_source_gone(&d, &source->source))
        return;
    bug_on(source->source.job_count || !LIST_EMPTY(&source->source.jobs));
    memset(source, 0, sizeof *source); /* the next one */
}

/* --- the dispatcher's operations --- */

static void on_sim_timer(void *arg);

static int op_start(void *ctx, struct worker *worker)
{
    (void)ctx;
    bug_on(pool_count(&d.pool) > limits.pool_max || worker->state != WORKER_STARTING);
    if (starts_that_fail) {
        starts_that_fail--;
        errno = EAGAIN;
        return -1;
    }
    struct sim *sim = calloc(1, sizeof *sim);
    sim->worker = worker;
    sim->connected = true;
    timer_init(&sim->timer, on_sim_timer, sim);
    TAILQ_INSERT_TAIL(&sims, sim, link);
    worker->ops_data = sim;
    worker->pid = ++last_pid;
    return 0;
}

static uint8_t op_assign(void *ctx, const struct assignment *assignment)
{
    struct worker *worker = assignment->worker;
    struct job *job = assignment->job;
    struct sim *sim = sim_of(worker);
    const struct job *first = job_queue_first(&d.line.queue);
    (void)ctx;
    bug_on(sim->reaped || sim->lost || !sim->connected || !sim->said_ready);
    bug_on(sim->told_to_end || worker->signalled || worker->draining);
    bug_on(worker->state != WORKER_IDLE && worker->state != WORKER_BUSY);
    bug_on(worker->prefetched_count + 1 >
           limits.worker_window); /* those before this one, and the job */
    /* First in, first out; but what was set aside for a fresh worker has had its turn before. */
    bug_on(!job->run.given_back && first && first->seq < job->seq && !first->source->gone);
    bug_on(!job->run.order || job->run.worker != worker || job->state == JOB_ENDED);
    bug_on(!job->source || job->source->gone);
    struct known_job *k = known_of(job);
    bug_on(job->source->held && !k->handed);
    k->handed = true;
    k->prefetched = assignment->prefetched;
    k->begun = false;
    bug_on(sim->handed_count == HANDED_MAX);
    sim->handed[(sim->handed_first + sim->handed_count++) % HANDED_MAX] =
        (struct handed){job->seq, OFFERED};
    return 0;
}

static bool op_reclaim(void *ctx, struct worker *worker, const struct job *job)
{
    struct sim *sim = sim_of(worker);
    (void)ctx;
    bug_on(job->run.worker != worker);
    for (size_t i = 0; i < sim->handed_count; i++) {
        struct handed *handed = &sim->handed[(sim->handed_first + i) % HANDED_MAX];
        if (handed->seq == job->seq && handed->claim == OFFERED) {
            handed->claim = TAKEN;
            return true;
        }
    }
    return false;
}

static void op_stop_flag(void *ctx, struct worker *worker, const struct job *job)
{
    (void)ctx;
    bug_on(worker->job != job || job->state != JOB_STOPPING);
}

static void die(struct sim *sim)
{
    sim->dead = true;
}

static void kill_process(struct sim *sim)
{
    if (!sim->reaped)
        die(sim);
    timer_set_ms(&timers, &sim->timer, KILLED_GRACE_MS);
}

static void op_signal(void *ctx, struct worker *worker, int signo)
{
    struct sim *sim = sim_of(worker);
    (void)ctx;
    bug_on(signo != SIGKILL && signo != SIGTERM);
    bug_on(signo == SIGKILL && worker->state != WORKER_STOPPING);
    if (signo == SIGKILL)
        kill_process(sim);
    else
        sim->told_term = true;
}

static void op_retire(void *ctx, struct worker *worker)
{
    struct sim *sim = sim_of(worker);
    (void)ctx;
    bug_on(worker->job || worker->prefetched_count || worker->state != WORKER_STOPPING);
    if (sim->connected && sim->said_ready)
        sim->told_to_end = true;
    else
        kill_process(sim);
}

static void op_forget(void *ctx, struct worker *worker)
{
    struct sim *sim = sim_of(worker);
    (void)ctx;
    if (!sim)
        return;
    bug_on(!sim->reaped || worker->job || worker->prefetched_count);
    timer_clear(&timers, &sim->timer);
    TAILQ_REMOVE(&sims, sim, link);
    free(sim);
    worker->ops_data = NULL;
}

/* --- the master's end of a worker, as in src/workers/link.c --- */

static void lose(struct sim *sim, bool known_status)
{
    struct worker_exit end = {.why = "the fuzzer wanted it so"};
    end.signal = known_status ? SIGKILL : 0;
    sim->lost = true;
    dispatcher_worker_lost(&d, sim->worker, &end);
}

/* What comes after this must not give it another job. */
static void close_conn(struct sim *sim)
{
    if (sim->worker->state != WORKER_STARTING)
        sim->worker->draining = true;
    sim->connected = false;
}

static void unfit(struct sim *sim)
{
    close_conn(sim);
    sim->sent_count = 0;
    if (sim->worker->state == WORKER_IDLE)
        lose(sim, false);
}

static void break_off(struct sim *sim)
{
    kill_process(sim);
    unfit(sim);
}

static void conn_ended(struct sim *sim)
{
    close_conn(sim);
    if (sim->reaped || worker_is_ending(sim->worker))
        return;
    timer_set_ms(&timers, &sim->timer, CLOSED_GRACE_MS);
    unfit(sim);
}

static void on_sim_timer(void *arg)
{
    struct sim *sim = arg;
    bool stopping = worker_is_ending(sim->worker);
    kill_process(sim);
    if (!stopping || sim->worker->job)
        lose(sim, false);
}

static void handle(struct sim *sim, const struct message *message)
{
    struct worker *worker = sim->worker;
    struct worker_answer answer = {.type = JOB_DONE};
    if (message->type == SAYS_READY) {
        if (worker->state != WORKER_STARTING) {
            break_off(sim);
            return;
        }
        sim->said_ready = true;
        if (worker->id % 8 == 7)
            dispatcher_worker_ready_without(&d, worker, "a preload refuses");
        else
            dispatcher_worker_ready(&d, worker);
        return;
    }
    if (!worker->job || worker->job->seq != message->seq) {
        break_off(sim);
        return;
    }
    if (worker->job->asked.module == &modules[0])
        answer.run_us =
            1; /* so that more than one may be prefetched by a worker though another is idle */
    if (message->type == SAYS_FAILED)
        answer = (struct worker_answer){.type = JOB_FAILED,
                                        .fail = FAIL_MODULE,
                                        .code = "code",
                                        .message = "message",
                                        .message_len = 7};
    if (message->type == SAYS_FAILED && message->seq % 4 == 3) { /* another may do it */
        answer.fail = FAIL_UNAVAILABLE;
        answer.code = NULL;
        answer.unfit = true;
    }
    dispatcher_worker_answered(&d, worker, &answer);
}

/* Reads up to `most` messages, then the end of input if that is next. */
static void read_from(struct sim *sim, size_t most)
{
    while (sim->connected && sim->sent_count && most--) {
        struct message message = sim->sent[sim->sent_first];
        sim->sent_first = (sim->sent_first + 1) % SENT_MAX;
        sim->sent_count--;
        handle(sim, &message);
    }
    if (sim->connected && !sim->sent_count && (sim->closed || sim->dead))
        conn_ended(sim);
}

static void reap(struct sim *sim)
{
    bool starting = sim->worker->state == WORKER_STARTING;
    sim->reaped = true;
    timer_clear(&timers, &sim->timer);
    if (!starting) {
        sim->worker->draining = true;
        read_from(sim, SIZE_MAX);
    }
    sim->connected = false;
    lose(sim, true);
    dispatcher_worker_reaped(&d, sim->worker);
}

static void reap_all(void)
{
    for (;;) {
        struct sim *sim;
        TAILQ_FOREACH (sim, &sims, link)
            if (sim->dead && !sim->stuck)
                break;
        if (!sim)
            return;
        reap(sim);
    }
}

static void op_poll(void *ctx, struct worker *worker)
{
    uint32_t id = worker->id;
    (void)ctx;
    reap_all();
    worker = pool_find(&d.pool, id);
    if (worker)
        read_from(sim_of(worker), SIZE_MAX);
}

static const struct dispatcher_ops ops = {
    .start = op_start,
    .assign = op_assign,
    .reclaim = op_reclaim,
    .stop_flag = op_stop_flag,
    .signal = op_signal,
    .retire = op_retire,
    .poll = op_poll,
    .forget = op_forget,
};

/* --- what a worker's process does --- */

static void say(struct sim *sim, enum message_type type, uint64_t seq)
{
    if (sim->closed || !sim->connected || sim->sent_count == SENT_MAX)
        return;
    sim->sent[(sim->sent_first + sim->sent_count++) % SENT_MAX] = (struct message){type, seq};
}

/* Skips reclaimed jobs and claims the next one; false if there is none. */
static bool begin_job(struct sim *sim)
{
    while (sim->handed_count) {
        struct handed *handed = &sim->handed[sim->handed_first];
        if (handed->claim == OFFERED)
            handed->claim = BEGUN;
        if (handed->claim == BEGUN) {
            known[handed->seq].begun = true;
            return true;
        }
        sim->handed_first = (sim->handed_first + 1) % HANDED_MAX;
        sim->handed_count--;
    }
    return false;
}

static void answer_job(struct sim *sim, bool failed)
{
    if (!begin_job(sim))
        return;
    say(sim, failed ? SAYS_FAILED : SAYS_DONE, sim->handed[sim->handed_first].seq);
    sim->handed_first = (sim->handed_first + 1) % HANDED_MAX;
    sim->handed_count--;
}

static bool has_said_ready(const struct sim *sim)
{
    return sim->said_ready || (sim->sent_count && sim->sent[sim->sent_first].type == SAYS_READY);
}

/* One thing, as a worker of ours would. */
static void behave(struct sim *sim)
{
    if (sim->dead || sim->hung)
        return;
    if (sim->told_term)
        die(sim);
    else if (!has_said_ready(sim))
        say(sim, SAYS_READY, 0);
    else if (sim->handed_count)
        answer_job(sim, false);
    else if (sim->told_to_end)
        die(sim);
}

static struct sim *some_sim(struct input *input)
{
    unsigned skip = take(input) % (unsigned)(pool_count(&d.pool) + 1);
    struct sim *sim;
    TAILQ_FOREACH (sim, &sims, link)
        if (!skip--)
            return sim;
    return NULL;
}

static void act(struct input *input)
{
    struct sim *sim = some_sim(input);
    uint8_t what = take(input);
    if (!sim || sim->dead || sim->hung)
        return;
    switch (what % 16) {
    case 0:
        die(sim);
        break;
    case 1:
        die(sim);
        sim->stuck = true;
        break;
    case 2:
        sim->closed = true;
        break;
    case 3:
        say(sim, SAYS_READY, 0);
        break;
    case 4:
        say(sim, SAYS_DONE, d.last_seq - what / 16);
        break;
    case 5:
        begin_job(sim);
        break;
    case 6:
        answer_job(sim, true);
        break;
    case 7:
        for (int i = 0; i < what / 16; i++)
            answer_job(sim, false);
        break;
    case 8:
        sim->hung = true;
        break;
    case 9:
        dispatcher_worker_silent(&d, sim->worker);
        break;
    default:
        behave(sim);
    }
}

static void read_some(struct input *input)
{
    struct sim *sim = some_sim(input);
    if (sim)
        read_from(sim, take(input) % 4 + 1u);
}

static void unstick(struct input *input)
{
    struct sim *sim = some_sim(input);
    if (sim)
        sim->stuck = false;
}

/* --- time and settings --- */

static void pass_time(uint64_t us)
{
    timers_turn(&timers, timers.now_us + us);
    timers_run(&timers);
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].leaving)
            lose_source(&sources[i]);
}

static void raise_to(uint32_t *most, uint32_t value)
{
    if (*most < value)
        *most = value;
}

static void set_limits(struct input *input)
{
    limits = (struct job_settings){
        .pool_max = take(input) % 4 + 1u,
        .job_max = take(input) % 12,
        .start_timeout_ms = 500,
        .kill_grace_ms = 100,
        .worker_window = take(input) % 9 + 1u,
        .source_unread_max = UNREAD_MAX,
    };
    uint8_t what = take(input);
    limits.pool_start = what % (limits.pool_max + 1);
    limits.client_job_max = what & 32 ? 5 : 0;
    limits.job_timeout_ms = what & 64 ? 300 : 0;
    limits.processors = what & 128 ? 1 : 0;
    raise_to(&highest.pool_max, limits.pool_max);
    raise_to(&highest.job_max, limits.job_max);
}

static void configure(struct input *input)
{
    set_limits(input);
    modules[0].settings.timeout_ms = take(input) * 20u;
    dispatcher_configure(&d, &limits, take(input) & 1);
}

/* --- the books --- */

static void check_worker(const struct worker *worker, enum worker_state state)
{
    const struct job *job;
    size_t prefetched = 0;
    bug_on(worker->state != state || !sim_of(worker) || sim_of(worker)->worker != worker);
    bug_on(state == WORKER_BUSY && !worker->job);
    bug_on((state == WORKER_IDLE || state == WORKER_STARTING) &&
           (worker->job || worker->prefetched_count));
    bug_on(worker->job && (worker->job->run.worker != worker || !job_is_assigned(worker->job)));
    TAILQ_FOREACH (job, &worker->prefetched, links.waiting) {
        bug_on(!job_is_prefetched(job) || job->run.worker != worker || !job->run.order);
        prefetched++;
    }
    bug_on(prefetched != worker->prefetched_count || prefetched + 1 > 2u * 9);
}

static void check_pool(void)
{
    size_t running = 0, prefetched = 0;
    for (int state = 0; state < WORKER_STATES; state++) {
        const struct worker *worker;
        size_t count = 0;
        TAILQ_FOREACH (worker, &d.pool.lists[state], link) {
            check_worker(worker, (enum worker_state)state);
            running += worker->job != NULL;
            prefetched += worker->prefetched_count;
            count++;
        }
        bug_on(count != d.pool.counts[state]);
    }
    bug_on(running != d.counts.running || prefetched != d.line.prefetched_count);
    bug_on(pool_count(&d.pool) > highest.pool_max);
    bug_on(pool_count(&d.pool) != d.pool.forks - d.pool.exits);
}

/* How many jobs of the source others have passed. */
static size_t check_passed(const struct job_source *source)
{
    const struct job *job;
    uint64_t before = 0;
    size_t count = 0;
    bug_on(source->held && (source->gone || d.draining || source->unread <= UNREAD_MAX / 2));
    bug_on(source->held && !source->hold);
    if (!source->hold)
        return 0;
    TAILQ_FOREACH (job, &source->hold->passed, links.waiting) {
        bug_on(job->state != JOB_WAITING || job->run.worker || job->seq <= before ||
               job->run.place != JOB_PASSED);
        before = job->seq;
        count++;
    }
    bug_on(!source->held && !count); /* then it is of no use */
    return count;
}

static void check_queue(void)
{
    const struct job *job;
    uint64_t before = 0;
    size_t count = 0;
    TAILQ_FOREACH (job, &d.line.queue.jobs, links.waiting) {
        bug_on(job->state != JOB_WAITING || job->run.worker || job->seq <= before);
        before = job->seq;
        count++;
    }
    for (int i = 0; i < SOURCES; i++)
        count += sources[i].used ? check_passed(&sources[i].source) : 0;
    bug_on(count != job_queue_count(&d.line.queue));
    /* Prefetched jobs come on top when their worker gives them back. */
    bug_on(dispatcher_waiting(&d) > highest.job_max + 2u * highest.pool_max);
}

static void check_counts(void)
{
    const struct dispatcher_counts *c = &d.counts;
    uint64_t sum = c->done + c->dropped + c->orphaned + c->running + dispatcher_waiting(&d);
    size_t running = 0, waiting = 0;
    for (int i = 0; i < FAIL_REASONS; i++)
        sum += c->failed[i];
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        sum += c->overload[i];
    bug_on(sum != c->submitted || c->submitted != d.last_seq);
    bug_on(d.jobs.count != c->running + dispatcher_waiting(&d));
    for (int i = 0; i < MODULES; i++) {
        running += modules[i].running;
        waiting += modules[i].waiting;
    }
    bug_on(running != c->running || waiting != dispatcher_waiting(&d));
}

/* Nobody waits while somebody could work. */
static void check_idleness(void)
{
    const struct job *first = job_queue_first(&d.line.queue);
    /* It is left to the busy workers, some milliseconds; or its source was held until now. */
    bool soon = timer_is_set(&d.tiny.recall) || timer_is_set(&d.pass.more);
    bug_on(first && d.pool.counts[WORKER_IDLE] && !first->source->gone && !d.draining && !soon);
    bug_on(d.line.prefetched_count && d.pool.counts[WORKER_IDLE] && !soon);
}

static void check(void)
{
    check_pool();
    check_queue();
    check_counts();
    check_idleness();
}

/* --- one input --- */

static void step(struct input *input)
{
    switch (take(input) % 21) {
    case 0:
    case 1:
    case 2:
    case 3:
        submit(input);
        break;
    case 4:
        for (int i = take(input) % 16; i >= 0; i--)
            submit(&(struct input){.left = 0});
        break;
    case 5:
        cancel(input);
        break;
    case 6:
        end_source(input);
        break;
    case 7: {
        struct source *source = living_source(input);
        if (source)
            lose_source(source);
        break;
    }
    case 8:
    case 9:
    case 10:
        act(input);
        break;
    case 11:
    case 12:
        read_some(input);
        break;
    case 13:
        reap_all();
        break;
    case 14:
        unstick(input);
        break;
    case 15:
        pass_time(take(input) * 20u);
        break;
    case 16:
        pass_time(take(input) * 20000u);
        break;
    case 17:
        starts_that_fail = take(input) % 4;
        break;
    case 18:
        configure(input);
        break;
    case 20:
        read_or_not(input);
        break;
    case 19: { /* everybody does what he should, once */
        struct sim *sim, *next;
        TAILQ_FOREACH (sim, &sims, link)
            behave(sim);
        for (sim = TAILQ_FIRST(&sims); sim; sim = next) {
            next = TAILQ_NEXT(sim, link);
            read_from(sim, SIZE_MAX);
        }
        break;
    }
    }
}

/* A turn in which the whole world is well-behaved, but for workers that hang: what they are on has
 * no time limit perhaps, and is cancelled. */
static void good_turn(void)
{
    struct sim *sim, *next;
    starts_that_fail = 0;
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].used)
            dispatcher_source_unread(&d, &sources[i].source, 0);
    TAILQ_FOREACH (sim, &sims, link) {
        sim->stuck = false;
        if (sim->hung && sim->worker->job)
            dispatcher_cancel(&d, sim->worker->job, false);
        behave(sim);
    }
    for (sim = TAILQ_FIRST(&sims); sim; sim = next) {
        next = TAILQ_NEXT(sim, link);
        read_from(sim, SIZE_MAX);
    }
    reap_all();
    pass_time(100000);
    check();
}

/* Whatever was submitted comes to its end. */
static void settle(void)
{
    for (int i = 0; i < ROUNDS_MAX && d.jobs.count; i++)
        good_turn();
    bug_on(d.jobs.count);
    for (uint64_t seq = 1; seq <= d.last_seq; seq++)
        bug_on(!(known[seq].seen & SEEN_LEFT));
}

/* `late`: workers go on as they are, until the drain's own deadline stops them. */
static void drain(bool late, bool at_once)
{
    dispatcher_drain(&d);
    check_counts();
    for (int i = 0; late && i < 3; i++)
        pass_time(300000);
    if (late && at_once)
        dispatcher_abort(&d);
    else if (late)
        dispatcher_stop(&d);
    bug_on(late && at_once && d.counts.running);
    for (int i = 0; i < ROUNDS_MAX && !dispatcher_is_drained(&d); i++)
        good_turn();
    bug_on(!dispatcher_is_drained(&d) || !TAILQ_EMPTY(&sims));
}

static void tear_down(void)
{
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].used)
            lose_source(&sources[i]);
    bug_on(d.jobs.count || budget.held);
    dispatcher_free(&d);
    bug_on(timers.set.count);
    timers_free(&timers);
    for (uint64_t seq = 1; seq <= d.last_seq; seq++)
        bug_on(!(known[seq].seen & SEEN_LEFT));
}

static void set_up(struct input *input)
{
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    timers_init(&timers, 1000000);
    budget = (struct payload_budget){.max = UINT64_MAX};
    memset(modules, 0, sizeof modules);
    modules[0].name = "fast";
    modules[1].name = "slow";
    memset(sources, 0, sizeof sources);
    starts_that_fail = 0;
    last_pid = 100;
    highest = (struct job_settings){.pool_max = 0};
    set_limits(input);
    dispatcher_init(&d, &ops, NULL, &timers, &limits, 4711);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t ending = take(&input);
    set_up(&input);
    dispatcher_start(&d);
    for (int i = 0; input.left && i < STEPS_MAX; i++) {
        step(&input);
        check();
    }
    if (ending & 1)
        settle();
    drain(ending & 2, ending & 4);
    tear_down();
    return 0;
}
