/* master_workers: see master_workers.h. */
#include "master_workers.h"

#include "common/log.h"
#include "master_sources.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum {
    HANDED_MAX = 80, /* jobs handed to one worker without an answer yet */
    SENT_MAX = 160,
    KILLED_GRACE_MS = 1000,
    CLOSED_GRACE_MS = 200,
    SOURCE_PARTS_MAX = 256 * 1024, /* waiting parts of a source, as in src/jobs/stream.c */
};

enum claim { OFFERED, BEGUN, TAKEN };

struct handed {
    uint64_t seq;
    enum claim claim;
};

/* The worker's part: without room, to be announced again, or with its bytes on the way. */
enum part { PART_NONE, PART_WAITS, PART_GOES_ON, PART_COMES };

enum message_type { SAYS_READY, SAYS_DONE, SAYS_FAILED, SAYS_PONG };

struct message {
    enum message_type type;
    uint64_t seq;
};

struct sim {
    TAILQ_ENTRY(sim) link;
    struct worker *worker;
    bool dead, reaped; /* the process */
    bool crashed;      /* died of its job */
    bool stuck;        /* dead, but not yet reapable */
    bool hung;         /* does nothing, and ignores SIGTERM */
    enum part part;    /* nothing is read behind it */
    size_t part_size;
    bool connected, closed; /* the master's end; by the worker */
    bool told_to_end, told_term, said_ready, lost;
    struct handed handed[HANDED_MAX];
    size_t handed_first, handed_count;
    struct message sent[SENT_MAX];
    size_t sent_first, sent_count;
    uint64_t pinged_us, begun_us;
    bool pinged, called; /* not noticed yet */
    uint32_t reports;    /* on the progress of its jobs */
    struct timer timer;
};

static TAILQ_HEAD(, sim) sims = TAILQ_HEAD_INITIALIZER(sims);
static unsigned starts_that_fail;
static pid_t last_pid;

static struct sim *sim_of(const struct worker *worker)
{
    return worker->ops_data;
}

void sims_reset(void)
{
    starts_that_fail = 0;
    last_pid = 100;
}

void sims_fail_starts(unsigned count)
{
    starts_that_fail = count;
}

bool sims_are_gone(void)
{
    return TAILQ_EMPTY(&sims);
}

bool sim_is_of(const struct worker *worker)
{
    return sim_of(worker) && sim_of(worker)->worker == worker;
}

/* --- the dispatcher's operations --- */

static void on_sim_timer(void *arg);

static int op_start(void *ctx, struct worker *worker)
{
    (void)ctx;
    const struct dispatcher *d = dispatcher_of(worker);
    bug_on(pool_places(&d->pool, d->limits.pool_max) > d->limits.pool_max);
    bug_on(worker->state != WORKER_STARTING);
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

static struct handed *last_handed(struct sim *sim)
{
    return &sim->handed[(sim->handed_first + sim->handed_count - 1) % HANDED_MAX];
}

static uint8_t op_assign(void *ctx, const struct assignment *assignment)
{
    struct worker *worker = assignment->worker;
    struct job *job = assignment->job;
    struct sim *sim = sim_of(worker);
    struct dispatcher *d = dispatcher_of(worker);
    const struct job *first = job_queue_first(&d->line.queue);
    (void)ctx;
    bug_on(d->paused || job->run.pool != d);
    bug_on(sim->reaped || sim->lost || !sim->connected || !sim->said_ready);
    bug_on(sim->told_to_end || worker->signalled || worker->leaving);
    bug_on(worker->state != WORKER_IDLE && worker->state != WORKER_BUSY);
    /* The prefetched jobs before this one, and the worker's present job. */
    bug_on(worker->prefetched_count + 1 > d->limits.worker_window);
    /* First in, first out. A job given back for a fresh worker has had its turn before. */
    bug_on(!job->run.given_back && first && first->seq < job->seq && !first->source->gone);
    bug_on(!job->run.order || job->run.worker != worker || job->state == JOB_ENDED);
    bug_on(!job->source || job->source->gone);
    struct known_job *k = known_of(job);
    bug_on(job->source->held && !k->handed);
    k->handed = true;
    k->prefetched = assignment->prefetched;
    k->begun = false;
    while (sim->handed_count && last_handed(sim)->claim == TAKEN) /* it would be skipped later */
        sim->handed_count--;
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

static void op_signs(void *ctx, const struct worker *worker, struct worker_signs *signs)
{
    const struct sim *sim = sim_of(worker);
    (void)ctx;
    *signs = (struct worker_signs){
        .begun = worker->job != NULL, .begun_us = sim->begun_us, .pinged_us = sim->pinged_us};
    for (size_t i = 0; i < sim->handed_count; i++) {
        const struct handed *handed = &sim->handed[(sim->handed_first + i) % HANDED_MAX];
        if (worker->job && handed->seq == worker->job->seq && handed->claim != TAKEN)
            signs->begun = handed->claim == BEGUN;
    }
}

static void op_ping(void *ctx, struct worker *worker, bool say)
{
    struct sim *sim = sim_of(worker);
    (void)ctx;
    bug_on(worker->state != WORKER_IDLE && worker->state != WORKER_BUSY &&
           !(say && worker->state == WORKER_DEAD));
    sim->pinged = true;
    sim->called |= say;
}

static void op_parts(void *ctx, struct worker *worker, const struct job *job, bool wanted)
{
    struct sim *sim = sim_of(worker);
    (void)ctx;
    bug_on(worker->job != job || !job->asked.notify_part);
    bug_on(wanted && sim->part != PART_WAITS);
    if (sim->part == PART_WAITS)
        sim->part = PART_GOES_ON;
}

static void op_stop_flag(void *ctx, struct worker *worker, const struct job *job,
                         enum stop_reason reason)
{
    bool soft = reason == STOP_REASON_SOFT_TIMEOUT;
    (void)ctx;
    bug_on(worker->job != job || job->state != (soft ? JOB_RUNNING : JOB_STOPPING));
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
    end.signal = known_status ? (sim->crashed ? SIGSEGV : SIGKILL) : 0;
    sim->lost = true;
    dispatcher_worker_exited(sim->worker, &end);
    dispatcher_worker_lost(sim->worker, &end);
}

/* No further job may go to this worker. */
static void close_conn(struct sim *sim)
{
    if (sim->worker->state != WORKER_STARTING)
        sim->worker->leaving = true;
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
            dispatcher_worker_ready_without(worker, "a preload refuses");
        else
            dispatcher_worker_ready(worker);
        return;
    }
    if (message->type == SAYS_PONG) {
        dispatcher_worker_alive(worker);
        return;
    }
    if (!worker->job || worker->job->seq != message->seq) {
        break_off(sim);
        return;
    }
    if (worker->job->asked.module == &modules[0])
        answer.run_us =
            1; /* so that a worker may prefetch several jobs although another one is idle */
    if (message->type == SAYS_FAILED)
        answer = (struct worker_answer){.type = JOB_FAILED,
                                        .fail = FAIL_MODULE,
                                        .code = "code",
                                        .message = "message",
                                        .message_len = 7};
    if (message->type == SAYS_FAILED && message->seq % 4 == 3) { /* another worker may do it */
        answer.fail = FAIL_UNAVAILABLE;
        answer.code = NULL;
        answer.unfit = true;
    }
    dispatcher_worker_answered(worker, &answer);
}

static void take_part(struct sim *sim)
{
    struct payload *payload =
        sim->part_size ? payload_new(&budget, sim->part_size, sim->part_size, true) : NULL;
    sim->part = PART_NONE;
    dispatcher_part_arrived(sim->worker, payload);
    payload_unref(payload);
}

static void announce(struct sim *sim)
{
    enum part_verdict verdict = dispatcher_part_announced(sim->worker, sim->part_size);
    sim->part = verdict == PART_HELD ? PART_WAITS : verdict == PART_TAKEN ? PART_COMES : PART_NONE;
}

/* Reads the worker's part, which is before its messages. False if there is no room for it. */
static bool read_part(struct sim *sim)
{
    if (!sim->worker->job)
        sim->part = PART_NONE;
    if (sim->part == PART_GOES_ON)
        announce(sim);
    if (sim->part == PART_COMES)
        take_part(sim);
    return sim->part != PART_WAITS;
}

/* A dead worker's part without room is lost; of one on its way the rest may not come. */
static void read_last_part(struct sim *sim)
{
    if (!sim->worker->job || sim->part == PART_NONE)
        return;
    if (sim->part != PART_COMES)
        announce(sim);
    if (sim->part == PART_WAITS)
        dispatcher_part_lost(sim->worker);
    else if (sim->part == PART_COMES && sim->worker->id % 2)
        take_part(sim);
    else if (sim->part == PART_COMES)
        sim->sent_count = 0;
    sim->part = PART_NONE;
}

/* Reads up to `most` messages, then the end of input if it is next. */
static void read_from(struct sim *sim, size_t most)
{
    if (!read_part(sim))
        return;
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
        sim->worker->leaving = true;
        read_last_part(sim);
        read_from(sim, SIZE_MAX);
    }
    sim->connected = false;
    lose(sim, true);
    dispatcher_worker_reaped(sim->worker);
}

void sims_reap(void)
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
    sims_reap();
    worker = pools_worker(&pools, id);
    if (worker)
        read_from(sim_of(worker), SIZE_MAX);
}

const struct dispatcher_ops sim_ops = {
    .start = op_start,
    .assign = op_assign,
    .reclaim = op_reclaim,
    .signs = op_signs,
    .ping = op_ping,
    .parts = op_parts,
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
        /* A worker that has lied about a job may find it later. */
        bug_on(handed->claim == OFFERED && dispatcher_of(sim->worker)->paused &&
               !(known[handed->seq].seen & SEEN_LEFT));
        if (handed->claim == OFFERED)
            handed->claim = BEGUN, sim->begun_us = timers.now_us;
        if (handed->claim == BEGUN) {
            known[handed->seq].begun = true;
            return true;
        }
        sim->handed_first = (sim->handed_first + 1) % HANDED_MAX;
        sim->handed_count--;
    }
    return false;
}

/* The worker's unread messages would come first. Once the part is announced, the master reads the
 * rest at once, or later. */
static void send_part(struct sim *sim, size_t size, bool at_once)
{
    struct worker *worker = sim->worker;
    if (sim->part || sim->sent_count || sim->closed || !sim->connected || !begin_job(sim) ||
        !worker->job || worker->job->seq != sim->handed[sim->handed_first].seq ||
        !worker->job->asked.notify_part)
        return;
    sim->part_size = size;
    announce(sim);
    if (at_once)
        read_part(sim);
}

/* A report of the worker: a count says which one. */
static void send_progress(struct sim *sim)
{
    if (sim->sent_count || sim->closed || !sim->connected || sim->part || !begin_job(sim) ||
        !sim->worker->job || sim->worker->job->seq != sim->handed[sim->handed_first].seq)
        return;
    dispatcher_worker_progress(sim->worker, &(struct job_progress){.count = ++sim->reports});
}

static void answer_job(struct sim *sim, bool failed)
{
    if (sim->part || !begin_job(sim))
        return;
    say(sim, failed ? SAYS_FAILED : SAYS_DONE, sim->handed[sim->handed_first].seq);
    sim->handed_first = (sim->handed_first + 1) % HANDED_MAX;
    sim->handed_count--;
}

static bool has_said_ready(const struct sim *sim)
{
    return sim->said_ready || (sim->sent_count && sim->sent[sim->sent_first].type == SAYS_READY);
}

static void take_pings(struct sim *sim)
{
    sim->pinged_us = timers.now_us;
    if (sim->called)
        say(sim, SAYS_PONG, 0);
    sim->pinged = sim->called = false;
}

/* Takes one step, like a real worker. */
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
    else if (sim->pinged)
        take_pings(sim);
    else if (sim->told_to_end)
        die(sim);
}

static struct sim *some_sim(struct input *input)
{
    unsigned skip = input_take(input) % (unsigned)(pools_workers(&pools) + 1);
    struct sim *sim;
    TAILQ_FOREACH (sim, &sims, link)
        if (!skip--)
            return sim;
    return NULL;
}

void sim_act(struct input *input)
{
    struct sim *sim = some_sim(input);
    uint8_t what = input_take(input);
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
        say(sim, SAYS_DONE, pools.shared.last_seq - what / 16);
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
    case 10:
        sim->crashed = begin_job(sim);
        die(sim);
        break;
    case 11:
        dispatcher_worker_leaves(sim->worker, END_MAX_RSS);
        break;
    case 12:
        send_part(sim, what / 16 * 10000u, true);
        break;
    case 9:
        dispatcher_worker_silent(sim->worker);
        break;
    default:
        behave(sim);
    }
}

/* Some workers send parts, small or large; some send reports. */
void sims_send_parts(struct input *input)
{
    uint8_t what = input_take(input);
    size_t size = (what & 3) == 0 ? 0 : (what & 3) * (what & 64 ? 20000u : 1500u);
    struct sim *sim;
    TAILQ_FOREACH (sim, &sims, link) {
        if (sim->dead || sim->hung || (sim->worker->id ^ what) & 4)
            continue;
        if (what & 16)
            send_progress(sim);
        else
            for (int i = 0; i < 1 + (what & 32); i++)
                send_part(sim, size, !(what & 128));
    }
}

/* A stream is held for want of room, and there is want while parts wait or come. */
void sims_check_streams(const struct source *source)
{
    const struct job_reader *reader = source->source.reader;
    const struct sim *sim;
    size_t arriving = 0, held = 0, going_on = 0;
    TAILQ_FOREACH (sim, &sims, link) {
        const struct job_stream *stream = &sim->worker->stream;
        const struct job *job = sim->worker->job;
        if (!job || job->source != &source->source)
            continue;
        bug_on(stream->cut && (stream->held || stream->arriving || stream->listed));
        bug_on(!stream->cut && stream->bytes && !stream->listed);
        bug_on(stream->held != (sim->part == PART_WAITS) || (stream->held && !stream->listed));
        bug_on(stream->arriving > stream->bytes);
        bug_on(stream->arriving && sim->part != PART_COMES);
        arriving += stream->arriving;
        held += stream->held;
        going_on += sim->part == PART_GOES_ON && !stream->cut;
    }
    bug_on(reader->arriving != arriving || reader->bytes < arriving);
    bug_on(held && !going_on && !arriving && reader->taken >= reader->end);
    bug_on(reader->bytes > SOURCE_PARTS_MAX);
}

/* The operator picks a worker. */
void sim_steer(struct input *input)
{
    struct sim *sim = some_sim(input);
    if (!sim)
        return;
    if (input_take(input) & 1)
        dispatcher_kill_worker(sim->worker);
    else
        dispatcher_recycle_worker(sim->worker);
}

void sim_read(struct input *input)
{
    struct sim *sim = some_sim(input);
    if (sim)
        read_from(sim, input_take(input) % 4 + 1u);
}

void sim_unstick(struct input *input)
{
    struct sim *sim = some_sim(input);
    if (sim)
        sim->stuck = false;
}

void sims_behave(void)
{
    struct sim *sim, *next;
    TAILQ_FOREACH (sim, &sims, link)
        behave(sim);
    for (sim = TAILQ_FIRST(&sims); sim; sim = next) {
        next = TAILQ_NEXT(sim, link);
        read_from(sim, SIZE_MAX);
    }
}

void sims_behave_well(void)
{
    struct sim *sim;
    starts_that_fail = 0;
    TAILQ_FOREACH (sim, &sims, link) {
        sim->stuck = false;
        if (sim->hung && sim->worker->job)
            dispatcher_cancel(sim->worker->job, false);
    }
    sims_behave();
    sims_reap();
}
