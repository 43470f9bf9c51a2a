/*
 * test_keep_walk: a long random walk of all calls of a keep, with an engine that answers when it
 * likes, a master that comes and goes, and crashes. It is checked against the promises: an accepted
 * job has exactly one outcome, told after it is written; it is run until then, never two runs of it
 * at a time by our doing; of one module and priority the first in is the first out; and the counts
 * agree with the store. TEST_SEED walks one way again.
 */
#include "tests/unit/queue/kept/any_end.h"
#include "tests/unit/queue/kept/kept_world.h"

enum { STEPS = 60000, JOBS_MAX = STEPS, MODULES = 3 };

/* A job as it ought to be. */
struct expected {
    bool accepted;
    bool ended;   /* told */
    bool written; /* the store has its end */
    bool with_master;
    bool cancelled; /* somebody asked */
    bool done;
    bool delayed; /* once: the store knows before the keep that it is due */
    unsigned handed;
};

/* A follower that comes and goes; `seq` 0: it waits for its submit to be accepted. */
struct walker {
    struct kept_follower follower;
    bool busy;
    bool told_accepted;
    uint64_t seq;
};

enum { WALKERS = 200 };

static struct chance chance;
static struct expected jobs[JOBS_MAX + 1];
static struct walker walkers[WALKERS];
static const char *const modules[MODULES] = {"echo", "fib", "ocr"};
static bool up;
static char boot[16];
static unsigned boots;
static uint64_t tally_done, tally_failed, tally_handed, tally_joined, tally_crashes;

static bool percent(unsigned n)
{
    return chance_percent(&chance, n);
}

static size_t below(size_t n)
{
    return chance_below(&chance, n);
}

/* --- what is told --- */

static void on_submit(struct kept *job)
{
    struct expected *expected = &jobs[kept_seq(job)];
    hot_assert(up && !expected->ended && !expected->with_master);
    expected->with_master = true;
    expected->handed++;
    tally_handed++;
}

static bool stands_before(const struct stored_job *a, const struct stored_job *b)
{
    return strcmp(a->wish.module, b->wish.module) == 0 &&
           (a->wish.priority > b->wish.priority ||
            (a->wish.priority == b->wish.priority && a->seq < b->seq));
}

/* Whoever is handed on is the first of its module. */
static void on_operation(const struct store_op *op)
{
    struct store_row *r;
    if (op->kind == STORE_PUT && op->job->run.state == STORED_DELAYED)
        jobs[op->job->seq].delayed = true;
    if (op->kind == STORE_BACK && op->job->run.state == STORED_DELAYED)
        jobs[op->job->seq].delayed = true;
    if (op->kind == STORE_ENDED)
        jobs[op->job->seq].written = true;
    if (op->kind != STORE_HANDED && !(op->kind == STORE_PUT && op->job->run.state == STORED_HANDED))
        return;
    STAILQ_FOREACH (r, &engine.rows, link)
        hot_assert_msg(r->job->run.state != STORED_WAITING || jobs[r->job->seq].delayed ||
                           !stands_before(r->job, op->job),
                       "q%ju overtakes q%ju", (uintmax_t)op->job->seq, (uintmax_t)r->job->seq);
}

static void on_stop(struct kept *job, bool kill)
{
    (void)kill;
    hot_assert(jobs[kept_seq(job)].with_master && jobs[kept_seq(job)].cancelled);
}

static void on_walker_event(struct kept_follower *follower, const struct kept_event *event)
{
    struct walker *walker = (struct walker *)follower;
    uint64_t seq = event->job ? kept_seq(event->job) : 0;
    hot_assert(walker->busy);
    switch (event->type) {
    case KEPT_EVENT_ACCEPTED:
        hot_assert(row(seq) || event->joined); /* to an outcome that is over by now */
        jobs[seq].accepted = true;
        walker->seq = seq;
        tally_joined += event->joined;
        break;
    case KEPT_EVENT_ENDED:
        hot_assert(!row(seq) || row(seq)->run.state == STORED_ENDED); /* perhaps over already */
        hot_assert(!walker->seq || walker->seq == seq);
        break;
    case KEPT_EVENT_REFUSED:
    case KEPT_EVENT_GONE:
        break;
    default:
        hot_assert(walker->seq == seq);
    }
    walker->busy = follower->job != NULL;
}

static void on_observed(void *arg, struct kept *job, const struct kept_event *event)
{
    struct expected *expected = &jobs[kept_seq(job)];
    (void)arg;
    if (event->type == KEPT_EVENT_ACCEPTED)
        expected->accepted = true;
    if (event->type != KEPT_EVENT_ENDED)
        return;
    hot_assert_msg(!expected->ended, "q%ju ends twice", (uintmax_t)kept_seq(job));
    expected->ended = true;
    expected->done = job->stored->outcome.is_done;
    tally_done += expected->done;
    tally_failed += !expected->done;
}

struct walk_ask {
    struct kept_ask ask;
    LIST_ENTRY(walk_ask) link;
};

static LIST_HEAD(, walk_ask) asked;

static struct kept_ask *new_ask(enum kept_ask_kind kind, uint64_t seq)
{
    struct walk_ask *walk = calloc(1, sizeof *walk);
    LIST_INSERT_HEAD(&asked, walk, link);
    walk->ask = (struct kept_ask){.kind = kind, .seq = seq, .by = ""};
    return &walk->ask;
}

static void free_ask(struct walk_ask *walk)
{
    LIST_REMOVE(walk, link);
    free(walk);
}

static void on_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    if (ask->kind == KEPT_ASK_RETRY && answer == KEPT_ANSWER_OK)
        jobs[kept_seq(job)].ended = jobs[kept_seq(job)].written = false;
    free_ask((struct walk_ask *)ask);
}

/* --- steps --- */

static struct walker *free_walker(void)
{
    struct walker *walker = &walkers[below(WALKERS)];
    return walker->busy ? NULL : walker;
}

static struct stored_wish a_wish(char key[8])
{
    struct stored_wish wish = {.module = modules[below(MODULES)],
                               .owner = percent(50) ? "x" : "",
                               .id = "1",
                               .priority = percent(80) ? 5 : (uint8_t)below(10),
                               .retry_on = (uint8_t)below(16),
                               .retries = (uint32_t)below(3),
                               .retry_delay_ms = (uint32_t)below(3) * 1000,
                               .max_wait_ms = percent(10) ? 1 + below(100000) : 0,
                               .ttl_ms = percent(30) ? 1 + below(30000) : 0,
                               .is_detached = percent(50)};
    if (percent(20)) {
        snprintf(key, 8, "k%zu", below(10));
        wish.key = key;
    }
    return wish;
}

static void step_submit(void)
{
    struct walker *walker = free_walker();
    char key[8], input[3000];
    struct stored_wish wish = a_wish(key);
    size_t size = percent(80) ? below(20) : below(sizeof input);
    if (!walker)
        return;
    memset(input, wish.key ? 'k' : 'x', sizeof input);
    if (wish.key)
        size = percent(90) ? 2 : 3;
    struct stored_job *stored = stored_job_new(&wish);
    if (percent(20))
        stored->run.due_ms = wall_ms() + below(20000);
    *walker = (struct walker){.busy = true};
    walker->follower = (struct kept_follower){
        .event = on_walker_event, .wants = 15, .is_submit = true, .is_detached = wish.is_detached};
    keep_submit(keep, stored, size ? payload_from(&budget, input, size) : NULL, &walker->follower);
}

static uint64_t any_seq(void)
{
    uint64_t last = keep_last_seq(keep), back = below(percent(90) ? 100 : 1000);
    return last > back ? last - back : 1 + below(20);
}

static void step_ask(void)
{
    struct kept_ask *ask;
    enum kept_ask_kind kind = (enum kept_ask_kind)below(KEPT_ASK_RETRY + 1);
    if (kind == KEPT_ASK_FOLLOW)
        return;
    ask = new_ask(kind, any_seq());
    ask->with_input = percent(50);
    ask->answered = on_answer;
    if (kind == KEPT_ASK_CANCEL || kind == KEPT_ASK_KILL)
        jobs[ask->seq].cancelled = true;
    keep_ask(keep, ask);
    if (percent(5)) {
        keep_ask_forget(ask);
        free_ask((struct walk_ask *)ask);
    }
}

/* A wait. It lies in its walker. */
static void on_follow_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    struct walker *walker = (struct walker *)ask->follower;
    hot_assert((answer == KEPT_ANSWER_OK) == (job != NULL));
    walker->busy = answer == KEPT_ANSWER_OK;
    free_ask((struct walk_ask *)ask);
}

static void step_wait(void)
{
    struct walker *walker = free_walker();
    struct kept_ask *ask;
    if (!walker)
        return;
    *walker = (struct walker){.busy = true, .follower.event = on_walker_event};
    walker->seq = any_seq();
    ask = new_ask(KEPT_ASK_FOLLOW, walker->seq);
    ask->follower = &walker->follower;
    ask->answered = on_follow_answer;
    keep_ask(keep, ask);
}

static void step_leave(void)
{
    struct walker *walker = &walkers[below(WALKERS)];
    if (!walker->follower.job)
        return;
    if (walker->follower.is_submit && percent(50)) {
        jobs[kept_seq(walker->follower.job)].cancelled = true;
        walker->busy = kept_withdraw(&walker->follower, false, "");
    } else {
        kept_unfollow(&walker->follower);
        walker->busy = false;
    }
}

static void step_master(void)
{
    struct kept_master_about about = {
        .boot = boot, .payload_max = 2500, .job_max = 100, .kill_grace_ms = 2000};
    if (up) {
        keep_master_gone(keep);
        for (size_t i = 0; i <= JOBS_MAX; i++)
            jobs[i].with_master = false;
    } else {
        if (percent(50))
            snprintf(boot, sizeof boot, "k%u", ++boots);
        keep_master_up(keep, &about);
    }
    up = !up;
}

/* The next job with the master from a random number on; NULL: there is none nearby. */
static struct kept *any_handed(void)
{
    uint64_t seq = any_seq();
    struct kept *job = NULL;
    for (size_t i = 0; i < 50 && seq && !job; i++, seq--)
        job = keep_handed(keep, seq);
    return job;
}

static void step_end(void)
{
    struct kept *job = any_handed();
    if (!job)
        return;
    if (percent(40)) {
        if (job->state == KEPT_HANDED)
            kept_on_started(job, "");
        else
            kept_on_progress(job, "");
        return;
    }
    struct kept_end end = any_end(&chance, &budget);
    jobs[kept_seq(job)].with_master = false;
    kept_on_end(job, &end);
}

static void step_time(void)
{
    uint64_t ms = below(percent(90) ? 100 : 5000);
    if (below(2000) == 0)
        wall_offset_ms += (int64_t)below(20000000) - 10000000;
    timers_turn(&timers, timers.now_us + ms * 1000);
    timers_run(&timers);
}

static void forget_memory(void)
{
    for (size_t i = 0; i <= JOBS_MAX; i++)
        jobs[i].with_master = false;
    for (size_t i = 0; i < WALKERS; i++)
        walkers[i].busy = false;
    up = false;
}

/* Ends that were written and not told are known afterwards. */
static void step_crash(void)
{
    struct store_row *r;
    crash();
    while (!LIST_EMPTY(&asked))
        free_ask(LIST_FIRST(&asked));
    keep_set_observer(keep, on_observed, NULL);
    forget_memory();
    STAILQ_FOREACH (r, &engine.rows, link) {
        jobs[r->job->seq].accepted = true;
        if (r->job->run.state != STORED_ENDED) /* perhaps again */
            jobs[r->job->seq].written = false;
        jobs[r->job->seq].ended = jobs[r->job->seq].written;
    }
    tally_crashes++;
}

static void nothing(void *arg, bool is_stored)
{
    (void)is_stored;
    (void)arg;
}

static void step_engine(void)
{
    size_t n = below(20);
    while (n-- && fake_engine_answer(&engine))
        ;
}

static void step_rare(void)
{
    switch (below(6)) {
    case 0:
        keep_pause(keep, percent(50) ? modules[below(MODULES)] : NULL, percent(30), nothing, NULL);
        break;
    case 1:
        step_master();
        break;
    case 2:
        if (percent(20))
            step_crash();
        break;
    case 3:
        if (percent(10))
            keep_master_draining(keep);
        break;
    case 4:
        engine.is_full = percent(20);
        engine.left = percent(20) ? 0 : UINT64_MAX;
        break;
    default:
        kept_acknowledge(keep, any_seq());
    }
}

static void step(void)
{
    size_t n = below(1000);
    if (n < 250)
        step_submit();
    else if (n < 300)
        step_ask();
    else if (n < 340)
        step_wait();
    else if (n < 370)
        step_leave();
    else if (n < 700)
        step_end();
    else if (n < 900)
        step_engine();
    else if (n < 980)
        step_time();
    else
        step_rare();
    if (percent(60))
        keep_turn(keep);
}

/* --- the end --- */

static void check_counts(void)
{
    const struct keep_counts *counts = keep_counts(keep);
    ck_assert_uint_eq(counts->waiting, fake_engine_count(&engine, STORED_WAITING));
    ck_assert_uint_eq(counts->delayed, fake_engine_count(&engine, STORED_DELAYED));
    ck_assert_uint_eq(counts->handed + counts->running, fake_engine_count(&engine, STORED_HANDED));
    ck_assert_uint_eq(counts->ended, fake_engine_count(&engine, STORED_ENDED));
}

static void quiet(void)
{
    do {
        keep_turn(keep);
        while (fake_engine_answer(&engine))
            ;
        keep_turn(keep);
    } while (keep_busy_count(keep));
    check_counts();
}

/* Everything runs now: nothing may be left waiting. */
static void finish(void)
{
    struct kept_master_about about = {.boot = "last", .payload_max = 2500, .job_max = 100};
    engine.is_full = false;
    engine.left = UINT64_MAX;
    if (up)
        step_master();
    keep_pause(keep, NULL, false, nothing, NULL);
    for (size_t i = 0; i < MODULES; i++)
        keep_pause(keep, modules[i], false, nothing, NULL);
    up = true;
    keep_master_up(keep, &about);
    for (size_t n = 0; n < 200000; n++) {
        struct kept *job = NULL;
        quiet();
        for (uint64_t seq = 1; seq <= keep_last_seq(keep) && !job; seq++)
            job = jobs[seq].with_master ? keep_handed(keep, seq) : NULL;
        if (job) {
            jobs[kept_seq(job)].with_master = false;
            kept_on_end(job,
                        &(struct kept_end){.type = KEPT_END_DONE, .fields = "", .delay_ms = -1});
            continue;
        }
        if (!keep_counts(keep)->waiting && !keep_counts(keep)->delayed)
            break;
        timers_turn(&timers, timers.now_us + 1000000);
        timers_run(&timers);
    }
    quiet();
    ck_assert_uint_eq(keep_counts(keep)->waiting + keep_counts(keep)->delayed +
                          keep_counts(keep)->handed + keep_counts(keep)->running,
                      0);
}

static void check_ends(void)
{
    for (uint64_t seq = 1; seq <= keep_last_seq(keep); seq++) {
        ck_assert_msg(!jobs[seq].accepted || jobs[seq].written,
                      "q%ju was accepted and has not ended", (uintmax_t)seq);
        if (jobs[seq].done)
            ck_assert_uint_gt(jobs[seq].handed, 0);
    }
    for (size_t i = 0; i < WALKERS; i++)
        ck_assert(!walkers[i].busy);
}

START_TEST(test_walk)
{
    chance_init(&chance, "keep_walk");
    silent = true;
    hooks.submit = on_submit;
    hooks.stop = on_stop;
    settings = usual_settings;
    settings.ack_ms = 1000;
    settings.failed_ttl_ms = 20000;
    settings.result_ttl_ms = 20000;
    settings.job_max = 3000;
    settings.hold_max_ms = 20000;
    open_world();
    engine.looked_at = on_operation;
    keep_set_observer(keep, on_observed, NULL);
    keep_master_gone(keep);
    snprintf(boot, sizeof boot, "k0");
    for (size_t n = 0; n < STEPS; n++) {
        step();
        if (n % 5000 == 4999)
            quiet();
    }
    finish();
    check_ends();
    printf("keep_walk: %ju submits, %ju joined, %ju runs, %ju done, %ju failed, %ju crashes\n",
           (uintmax_t)keep_last_seq(keep), (uintmax_t)tally_joined, (uintmax_t)tally_handed,
           (uintmax_t)tally_done, (uintmax_t)tally_failed, (uintmax_t)tally_crashes);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keep_walk");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_walk);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
