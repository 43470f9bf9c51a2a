/*
 * test_dispatcher: the policy, with a recorder for operations and sources, under a clock of the
 * test's. Here no worker is handed jobs early; test_dispatcher_lent.c is about that.
 */
#include "tests/unit/jobs/recorder.h"

enum {
    GRACE_MS = 2000,
    START_TIMEOUT_MS = 10000,
    SOON_MS = 1000, /* a worker that is ready for so long has started */
    BATCH = 8,      /* workers are started, and told to end, at a time, */
    BATCH_MS = 5,   /* and the next so much later */
};

static void open_pool(uint32_t pool_start, uint32_t pool_max, uint32_t job_max)
{
    limits = (struct dispatcher_limits){
        .pool_start = pool_start,
        .pool_max = pool_max,
        .job_max = job_max,
        .start_timeout_ms = START_TIMEOUT_MS,
        .kill_grace_ms = GRACE_MS,
        .worker_window = 1,
    };
    world_open();
    dispatcher_start(&d);
}

/* With that many idle workers, and nothing more told about them. */
static void open_idle(uint32_t workers, uint32_t pool_max, uint32_t job_max)
{
    open_pool(workers, pool_max, job_max);
    for (int i = 0; d.pool.counts[WORKER_STARTING] < workers; i++) {
        ck_assert_int_lt(i, 100);
        pass_ms(BATCH_MS); /* many are started over several turns */
    }
    for (uint32_t id = 1; id <= workers; id++)
        ready(id);
    hush_news();
}

static void reconfigure(bool renew)
{
    dispatcher_configure(&d, &limits, renew);
}

/* --- the pool at rest --- */

START_TEST(test_pool_start)
{
    open_pool(3, 5, 10);
    ck_told("start 1, start 2, start 3");
    ready(2);
    ready(1);
    ready(3);
    ck_told("");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 3);
    ck_assert_uint_eq(d.pool.forks, 3);
}
END_TEST

START_TEST(test_pool_start_0)
{
    open_pool(0, 2, 10);
    ck_told("");
    SUBMIT(.accepted = true, .started = true);
    ck_told("a1 accepted 0, start 1");
    ready(1);
    ck_told("give 1 j1, a1 started 1 #1");
    done(1);
    ck_told("a1 done");
    dies(1, -0);
    ck_told("forget 1"); /* back only on demand */
    SUBMIT();
    ck_told("start 2");
}
END_TEST

/* A large pool starts a few a turn, so that the loop is not held up. */
START_TEST(test_many_starts)
{
    open_pool(100, 100, 10);
    while (d.pool.forks < 100) {
        size_t forks = d.pool.forks;
        ck_assert(timer_is_set(&d.pass.more));
        reconfigure(false); /* whoever asks */
        ck_assert_uint_eq(d.pool.forks, forks);
        pass_ms(BATCH_MS);
        ck_assert_uint_gt(d.pool.forks, forks);
        ck_assert_uint_le(d.pool.forks, forks + BATCH);
    }
    pass_ms(1);
    ck_assert_uint_eq(d.pool.forks, 100);
}
END_TEST

/* A dead worker above pool-start comes back only on demand; one below at once. */
START_TEST(test_dead_ones_come_back_on_demand)
{
    open_idle(1, 3, 10);
    for (int i = 0; i < 3; i++)
        SUBMIT();
    ck_told("give 1 j1, start 2, start 3");
    ready(2);
    ready(3);
    done(1);
    done(2);
    done(3);
    hush_news();
    dies(3, SIGSEGV);
    dies(2, SIGSEGV);
    ck_told("forget 3, forget 2");
    dies(1, SIGSEGV);
    ck_told("forget 1, start 4");
}
END_TEST

/* --- admission: section 6, rule by rule --- */

START_TEST(test_free_worker)
{
    open_idle(2, 4, 10);
    SUBMIT(.accepted = true, .started = true);
    ck_told("a1 accepted 0, give 2 j1, a1 started 2 #1");
    SUBMIT(.source = 'b', .started = true);
    ck_told("give 1 j2, b2 started 1 #2");
    done(1);
    ck_told("b2 done");
    done(2);
    ck_told("a1 done");
    SUBMIT(); /* the one that was busy last */
    ck_told("give 2 j3");
}
END_TEST

START_TEST(test_no_free_worker_starts_one)
{
    open_idle(1, 3, 10);
    SUBMIT();
    SUBMIT(.accepted = true);
    ck_told("give 1 j1, a2 accepted 0, start 2");
    SUBMIT(.accepted = true);
    ck_told("a3 accepted 1, start 3");
    SUBMIT(.accepted = true); /* pool-max */
    ck_told("a4 accepted 2");
    ready(3); /* a waiting job is bound to no worker */
    ck_told("give 3 j2");
    done(1);
    ck_told("a1 done, give 1 j3");
    ready(2);
    ck_told("give 2 j4");
}
END_TEST

/* No more are started than wait. */
START_TEST(test_start_when_waiting_exceeds_starting)
{
    open_pool(2, 5, 10);
    ck_told("start 1, start 2");
    SUBMIT();
    ck_told(""); /* one waits, two are on their way */
    SUBMIT();
    ck_told("");
    SUBMIT();
    ck_told("start 3");
    dispatcher_cancel(&d, the_job(1), false);
    ck_told("a1 failed cancelled");
    SUBMIT();
    ck_told("");
    SUBMIT();
    ck_told("start 4");
}
END_TEST

/* waiting - starting < job-max, to the job. */
START_TEST(test_job_max)
{
    open_idle(1, 1, 2);
    SUBMIT();
    SUBMIT(.accepted = true);
    SUBMIT(.accepted = true);
    ck_told("give 1 j1, a2 accepted 0, a3 accepted 1");
    SUBMIT(.source = 'b', .accepted = true);
    ck_told("b4 overload queue-full 2 1");
    done(1);
    ck_told("a1 done, give 1 j2");
    SUBMIT(.source = 'b', .accepted = true);
    ck_told("b5 accepted 1");
    SUBMIT(.source = 'b');
    ck_told("b6 overload queue-full 2 1");
}
END_TEST

START_TEST(test_starting_ones_make_room)
{
    open_pool(0, 3, 1);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("start 1, start 2, start 3");
    SUBMIT(); /* 3 wait, 3 start: 0 < 1 */
    ck_told("");
    SUBMIT(); /* 4 - 3 is not less than 1 */
    ck_told("a5 overload queue-full 4 0");
    ready(1); /* 3 wait, 2 start */
    ck_told("give 1 j1");
    SUBMIT();
    ck_told("a6 overload queue-full 3 1");
    done(1);
    ck_told("a1 done, give 1 j2");
    SUBMIT();
    ck_told("");
}
END_TEST

/* A start that fails later throws nobody out of the line. */
START_TEST(test_starting_ones_die)
{
    open_pool(0, 3, 0);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("start 1, start 2, start 3");
    dies(1, -1);
    dies(2, -1);
    dies(3, -1);
    ck_told("forget 1, forget 2, forget 3");
    ck_assert_uint_eq(dispatcher_waiting(&d), 3);
    SUBMIT(); /* none can be started for it now */
    ck_told("a4 overload queue-full 3 0");
    pass_ms(125);
    ck_told("start 4");
    ready(4);
    ck_told("give 4 j1, start 5"); /* one at a time, until it has answered */
    done(4);
    ck_told("a1 done, give 4 j2");
}
END_TEST

START_TEST(test_job_max_0)
{
    open_pool(1, 1, 0);
    ck_told("start 1");
    SUBMIT(); /* 0 - 1 < 0 */
    ck_told("");
    SUBMIT();
    ck_told("a2 overload queue-full 1 0");
    ready(1);
    ck_told("give 1 j1");
    SUBMIT();
    ck_told("a3 overload queue-full 0 1");
    done(1);
    SUBMIT();
    ck_told("a1 done, give 1 j4");
}
END_TEST

START_TEST(test_job_max_0_grows)
{
    open_idle(1, 3, 0);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1, start 2, start 3");
    SUBMIT();
    ck_told("a4 overload queue-full 2 1");
    ready(2);
    ready(3);
    ck_told("give 2 j2, give 3 j3");
    SUBMIT();
    ck_told("a5 overload queue-full 0 3");
}
END_TEST

START_TEST(test_pool_max_1)
{
    open_idle(1, 1, 100);
    for (int i = 0; i < 20; i++)
        SUBMIT(.started = true);
    ck_told("give 1 j1, a1 started 1 #1");
    for (uintmax_t i = 1; i < 20; i++) {
        char expected[100];
        done(1);
        snprintf(expected, sizeof expected, "a%ju done, give 1 j%ju, a%ju started 1 #%ju", i, i + 1,
                 i + 1, i + 1);
        ck_told(expected);
    }
}
END_TEST

/* A stopping worker holds its place until it is reaped. */
START_TEST(test_stopping_counts)
{
    open_idle(1, 1, 1);
    SUBMIT();
    dispatcher_cancel(&d, the_job(1), true);
    ck_told("give 1 j1, flag 1 j1, kill 1");
    SUBMIT();
    SUBMIT();
    ck_told("a3 overload queue-full 1 1");
    lost(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill");
    ck_assert_uint_eq(pool_count(&d.pool), 1);
    SUBMIT();
    ck_told("a4 overload queue-full 1 0");
    reaped(1);
    ck_told("forget 1, start 2");
    ready(2);
    ck_told("give 2 j2");
}
END_TEST

/* --- order --- */

/* First in, first out over all sources, whoever becomes free, and `order` counts it. */
START_TEST(test_order)
{
    open_idle(2, 2, 100);
    for (int i = 0; i < 8; i++)
        SUBMIT(.source = (char)('a' + i % 3), .started = true);
    ck_told("give 2 j1, a1 started 2 #1, give 1 j2, b2 started 1 #2");
    done(1);
    done(1);
    ck_told("b2 done, give 1 j3, c3 started 1 #3, c3 done, give 1 j4, a4 started 1 #4");
    done(2);
    ck_told("a1 done, give 2 j5, b5 started 2 #5");
    dispatcher_cancel(&d, the_job(6), false);
    ck_told("c6 failed cancelled");
    fails(1, "no");
    ck_told("a4 failed module no, give 1 j7, a7 started 1 #6"); /* no gap in the order */
}
END_TEST

/* --- refusals --- */

/* To the submitter whose job it was, and to nobody else. */
START_TEST(test_overload_goes_to_its_submitter)
{
    open_idle(1, 1, 1);
    SUBMIT(.source = 'a');
    SUBMIT(.source = 'b');
    hush_news();
    for (int i = 0; i < 5; i++) {
        SUBMIT(.source = (char)('c' + i));
        char expected[64];
        snprintf(expected, sizeof expected, "%c%d overload queue-full 1 1", 'c' + i, 3 + i);
        ck_told(expected);
        ck_assert_uint_eq(sources[2 + i].source.job_count, 0);
    }
    ck_assert_uint_eq(sources[0].terminal + sources[1].terminal, 0);
    ck_assert_uint_eq(d.counts.overload[OVERLOAD_QUEUE_FULL], 5);
}
END_TEST

/* What is looked at first decides: draining, the module, memory, the quota, the line. */
START_TEST(test_order_of_reasons)
{
    open_idle(1, 1, 0);
    limits.client_job_max = 1;
    reconfigure(false);
    SUBMIT();
    hush_news();
    SUBMIT(.module = -1, .over_budget = true);
    ck_told("a2 failed unknown-module");
    SUBMIT(.over_budget = true);
    ck_told("a3 overload memory 0 1");
    SUBMIT();
    ck_told("a4 overload client-quota 0 1");
    SUBMIT(.source = 'b', .over_budget = true);
    ck_told("b5 overload memory 0 1");
    SUBMIT(.source = 'b');
    ck_told("b6 overload queue-full 0 1");
    dispatcher_drain(&d);
    hush_news();
    SUBMIT(.module = -1, .over_budget = true);
    ck_told("a7 failed shutdown");
}
END_TEST

/* A free worker does not help a payload that there was no memory for. */
START_TEST(test_over_budget_with_a_free_worker)
{
    open_idle(1, 1, 10);
    SUBMIT(.over_budget = true, .accepted = true);
    ck_told("a1 overload memory 0 0");
}
END_TEST

START_TEST(test_unknown_module)
{
    open_idle(1, 1, 10);
    SUBMIT(.module = -1, .accepted = true, .started = true);
    ck_told("a1 failed unknown-module");
    ck_assert_uint_eq(d.counts.failed[FAIL_UNKNOWN_MODULE], 1);
}
END_TEST

/* A source may have so many jobs that have not ended; others' do not count. */
START_TEST(test_client_quota)
{
    open_idle(1, 1, 100);
    limits.client_job_max = 2;
    reconfigure(false);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1, a3 overload client-quota 1 1");
    SUBMIT(.source = 'b');
    SUBMIT(.source = 'b');
    SUBMIT(.source = 'b');
    ck_told("b6 overload client-quota 3 1");
    done(1);
    ck_told("a1 done, give 1 j2");
    SUBMIT();
    SUBMIT();
    ck_told("a8 overload client-quota 3 1");
    dispatcher_cancel(&d, the_job(7), false);
    SUBMIT();
    ck_told("a7 failed cancelled");
}
END_TEST

static uint64_t advice_ms;

static void keep_advice(struct test_source *source, struct job *job, const struct job_event *event)
{
    (void)source;
    (void)job;
    advice_ms = event->retry_after_ms;
}

/* The advice follows what jobs took of late and how many there are. */
START_TEST(test_retry_after)
{
    open_idle(1, 1, 10);
    hooks.event = keep_advice;
    for (int i = 0; i < 11; i++)
        SUBMIT();
    pass_ms(1000);
    done(1);
    SUBMIT();
    ck_assert_uint_eq(advice_ms, 0);
    SUBMIT(); /* eleven jobs of a second each: half of them are gone in five and a half */
    ck_assert_uint_ge(advice_ms, 4000);
    ck_assert_uint_le(advice_ms, 7000);
    limits.job_max = 0;
    reconfigure(false);
    for (int i = 0; i < 10; i++) {
        pass_ms(1000);
        done(1);
    }
    SUBMIT();
    ck_assert_uint_ge(advice_ms, 300);
    ck_assert_uint_le(advice_ms, 700);
}
END_TEST

/* However quick jobs are, it is no invitation to spin. */
START_TEST(test_retry_after_least)
{
    open_idle(1, 1, 0);
    hooks.event = keep_advice;
    for (int i = 0; i < 50; i++) {
        SUBMIT();
        pass_us(10);
        done(1);
    }
    SUBMIT();
    SUBMIT();
    ck_assert_uint_eq(advice_ms, 50);
}
END_TEST

/* --- answers --- */

START_TEST(test_answers)
{
    open_idle(1, 1, 10);
    for (int i = 0; i < 4; i++)
        SUBMIT();
    hush_news();
    done(1);
    ck_told("a1 done, give 1 j2");
    fails(1, "div-by-zero");
    ck_told("a2 failed module div-by-zero, give 1 j3");
    finishes(1, a_failure(FAIL_UNAVAILABLE, NULL));
    reads(1);
    ck_told("a3 failed unavailable, give 1 j4");
    finishes(1, a_failure(FAIL_TOO_LARGE, NULL));
    reads(1);
    ck_told("a4 failed too-large");
    ck_assert_uint_eq(d.counts.done, 1);
    ck_assert_uint_eq(d.counts.failed[FAIL_MODULE], 1);
    ck_assert_uint_eq(d.counts.failed[FAIL_UNAVAILABLE], 1);
    ck_assert_uint_eq(d.counts.failed[FAIL_TOO_LARGE], 1);
    ck_assert_uint_eq(modules[0].history.done, 1);
    ck_assert_uint_eq(modules[0].history.failed, 3);
}
END_TEST

/* --- the ends of workers --- */

/* A worker has two ends, and a job's end does not wait for the second. */
START_TEST(test_lost_then_reaped)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    hush_news();
    lost(1, SIGSEGV);
    ck_told("back 1 j1 no, a1 failed error SIG 11");
    ck_assert_uint_eq(d.pool.counts[WORKER_STOPPING], 1);
    reaped(1);
    ck_told("forget 1, start 2");
    ready(2);
    ck_told("give 2 j2");
    ck_assert_uint_eq(d.counts.failed[FAIL_ERROR], 1);
}
END_TEST

START_TEST(test_lost_with_exit_status)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dies(1, -3);
    ck_told("back 1 j1 no, a1 failed error exit 3, forget 1, start 2");
}
END_TEST

/* The socket ends first and the process is killed for it; then its death is told once more. */
START_TEST(test_lost_twice)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    lost(1, SIGKILL);
    lost(1, SIGKILL);
    ck_told("back 1 j1 no, a1 failed error SIG 9");
    reaped(1);
    ck_told("forget 1, start 2");
}
END_TEST

START_TEST(test_lost_without_a_job)
{
    open_idle(2, 3, 10);
    pass_ms(5000);
    lost(1, SIGTERM);
    ck_told("");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    SUBMIT(); /* not to the one that is lost */
    SUBMIT();
    ck_told("give 2 j1, start 3");
    reaped(1);
    ck_told("forget 1");
}
END_TEST

/* Complete result and death at the same moment: done, once. */
START_TEST(test_result_then_death)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    hush_news();
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    lost(1, SIGSEGV); /* reads the result first */
    ck_told("a1 done, retire 1");
    reaped(1);
    ck_told("forget 1, start 2");
    ck_assert_uint_eq(d.counts.done, 1);
    ck_assert_uint_eq(d.counts.failed[FAIL_ERROR], 0);
}
END_TEST

START_TEST(test_fifty_die_at_once)
{
    open_idle(50, 50, 100);
    for (int i = 0; i < 80; i++)
        SUBMIT();
    hush_news();
    for (uint32_t id = 1; id <= 50; id++)
        lost(id, SIGKILL);
    hush_news();
    ck_assert_uint_eq(d.counts.failed[FAIL_ERROR], 50);
    ck_assert_uint_eq(d.pool.counts[WORKER_STOPPING], 50);
    ck_assert_uint_eq(dispatcher_waiting(&d), 30);
    for (uint32_t id = 50; id >= 1; id--)
        reaped(id);
    ck_assert_uint_le(pool_count(&d.pool), BATCH);
    pass_ms(50 / BATCH * BATCH_MS);
    ck_assert_uint_eq(pool_count(&d.pool), 50);
    ck_assert_uint_eq(d.pool.exits, 50);
    for (uint32_t id = 51; id <= 100; id++)
        ready(id);
    ck_assert_uint_eq(d.counts.running, 30);
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 20);
    for (uint32_t id = 51; id <= 80; id++)
        done(id);
    ck_assert_uint_eq(d.counts.done, 30);
}
END_TEST

/* Also interleaved: each comes back in the place of the one that went. */
START_TEST(test_fifty_die_one_by_one)
{
    open_idle(50, 50, 100);
    for (int i = 0; i < 50; i++)
        SUBMIT();
    for (uint32_t id = 1; id <= 50; id++) {
        dies(id, SIGKILL);
        pass_ms(BATCH_MS);
        ck_assert_uint_eq(pool_count(&d.pool), 50);
    }
    ck_assert_uint_eq(d.counts.failed[FAIL_ERROR], 50);
    ck_assert_uint_eq(d.pool.last_id, 100);
}
END_TEST

/* --- starts that fail --- */

/* How long until the next start. */
static uint64_t ms_to_next_start(uint64_t most_ms)
{
    uint64_t begin_us = timers.now_us, last = d.pool.last_id;
    while (d.pool.last_id == last && timers.now_us - begin_us <= most_ms * 1000)
        pass_us(100);
    ck_assert_uint_eq(d.pool.last_id, last + 1); /* one at a time */
    return (timers.now_us - begin_us) / 1000;
}

/* From 100 ms, twice as long each time, to 30 s, with jitter between them; whether the worker dies,
 * cannot be started at all, or does not become ready. */
START_TEST(test_backoff_grows)
{
    uint64_t delay_ms = 125, previous_ms = 0;
    open_pool(0, 4, 100);
    silent = true;
    no_forks = _i == 1;
    limits.pool_start = 1;
    reconfigure(false);
    for (int failures = 1; failures <= 15; failures++) {
        if (_i == 2)
            pass_ms(START_TIMEOUT_MS);
        if (_i != 1)
            dies(d.pool.last_id, SIGKILL);
        ck_assert_uint_eq(d.starts.failures, (unsigned)failures);
        ck_assert_uint_eq(pool_count(&d.pool), 0);
        uint64_t ms = ms_to_next_start(30000);
        ck_assert_msg(ms >= delay_ms * 4 / 5 && ms <= delay_ms, "%ju ms after %d failures",
                      (uintmax_t)ms, failures);
        ck_assert_uint_ge(ms * 2, previous_ms);
        previous_ms = ms;
        delay_ms = delay_ms * 2 > 30000 ? 30000 : delay_ms * 2;
    }
}
END_TEST

/* In an hour there are few starts, however many want workers. */
START_TEST(test_backoff_never_spins)
{
    open_pool(8, 8, 1000);
    silent = true;
    no_forks = true;
    for (uint32_t id = 1; id <= 8; id++)
        dies(id, -1);
    uint32_t begin = d.pool.last_id;
    for (int minute = 0; minute < 60; minute++) {
        for (int i = 0; i < 20; i++)
            SUBMIT();
        pass_ms(60000);
        check_invariants();
    }
    ck_assert_uint_gt(d.pool.last_id - begin, 100);
    ck_assert_uint_lt(d.pool.last_id - begin, 10 + 3600000 / 24000);
}
END_TEST

/* Several that fail together are one failure. */
START_TEST(test_backoff_together)
{
    open_pool(4, 4, 100);
    hush_news();
    for (uint32_t id = 1; id <= 4; id++)
        dies(id, -1);
    ck_assert_uint_eq(d.starts.failures, 1);
    pass_ms(125);
    ck_told("forget 1, forget 2, forget 3, forget 4, start 5");
    ready(5); /* it looks as if it works again: one after the other ... */
    ck_told("start 6");
    pass_ms(SOON_MS);
    ck_told("start 7, start 8"); /* ... and it does: the others come at once */
}
END_TEST

/* One of two fails, the other becomes ready: nothing is held back any more once that has answered
 * or has stayed for a while. */
START_TEST(test_backoff_ends_with_success)
{
    open_pool(2, 2, 100);
    limits.start_timeout_ms = 60000;
    reconfigure(false);
    no_forks = true;
    dies(1, -1);
    ck_told("start 1, start 2, forget 1");
    ready(2);
    ck_told("");
    pass_ms(140);
    ck_told("start 3, forget 3"); /* the row goes on, */
    ck_assert_uint_eq(d.starts.failures, 2);
    no_forks = false;
    pass_ms(255);
    ck_told("start 4");
    ready(4);
    if (_i == 0) {
        SUBMIT();
        done(4);
        ck_told("give 4 j1, a1 done");
    } else {
        pass_ms(SOON_MS - 1);
        ck_assert_uint_eq(d.starts.failures, 2);
        pass_ms(1);
    }
    ck_assert_uint_eq(d.starts.failures, 0); /* and ends here */
    dies(4, SIGKILL);
    ck_assert_uint_eq(d.pool.last_id, 5);
}
END_TEST

START_TEST(test_backoff_starts_over)
{
    open_pool(1, 1, 100);
    silent = true;
    for (int i = 0; i < 6; i++) {
        dies(d.pool.last_id, -1);
        ms_to_next_start(30000);
    }
    ready(d.pool.last_id);
    SUBMIT();
    done(d.pool.last_id);
    dies(d.pool.last_id, SIGSEGV); /* no start that failed */
    ck_assert_uint_eq(d.starts.failures, 0);
    dies(d.pool.last_id, -1);
    ck_assert_uint_le(ms_to_next_start(1000), 125);
}
END_TEST

/* Whatever chance says: never before 100 ms, never after 30 s, and both ends are reached. */
START_TEST(test_jitter_keeps_the_bounds)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t random = 1; random <= 1000; random++) {
        open_pool(1, 1, 10);
        silent = true;
        d.starts.random = random * UINT64_C(0x9e3779b97f4a7c15) | 1;
        d.starts.failures = _i ? 20 : 0;
        dies(d.pool.last_id, -1);
        uint64_t ms = (d.starts.pause.due.key - timers.now_us) / 1000;
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
        world_close();
    }
    ck_assert_uint_ge(least, _i ? 24000 : 100);
    ck_assert_uint_le(most, _i ? 30000 : 125);
    ck_assert_uint_le(least, _i ? 24300 : 102);
    ck_assert_uint_ge(most, _i ? 29700 : 123);
    open_pool(0, 1, 10);
}
END_TEST

/* Two daemons whose workers fail at the same time do not try again at the same time. */
START_TEST(test_jitter)
{
    uint64_t seen[20], different = 0;
    for (uint64_t random = 0; random < 20; random++) {
        open_pool(1, 1, 10);
        silent = true;
        d.starts.random = random * 1000 + 1;
        for (int i = 0; i < 8; i++) {
            dies(d.pool.last_id, -1);
            seen[random] = ms_to_next_start(30000);
        }
        for (uint64_t i = 0; i < random; i++)
            different += seen[i] != seen[random];
        world_close();
    }
    ck_assert_uint_gt(different, 19 * 20 / 2 * 9 / 10);
    open_pool(0, 1, 10);
}
END_TEST

/* A worker that is gone right after it became ready might as well not have started, and if that
 * goes on and on it is tried less and less often. */
START_TEST(test_ended_soon)
{
    uint64_t delay_ms = 125;
    open_pool(1, 1, 10);
    silent = true;
    for (int i = 0; i < 15; i++) {
        ready(d.pool.last_id);
        pass_ms(_i ? 500 : 0);
        dies(d.pool.last_id, SIGSEGV);
        uint64_t ms = ms_to_next_start(30000);
        ck_assert_msg(ms >= delay_ms * 4 / 5 && ms <= delay_ms, "%ju ms after %d deaths",
                      (uintmax_t)ms, i + 1);
        delay_ms = delay_ms * 2 > 30000 ? 30000 : delay_ms * 2;
    }
    ready(d.pool.last_id);
    pass_ms(SOON_MS);
    uint32_t id = d.pool.last_id;
    dies(id, SIGSEGV);
    ck_assert_uint_eq(d.pool.last_id, id + 1); /* that one had its time */
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

/* All workers of a pool do so: those that are ready for a moment do not undo one another's pauses.
 */
START_TEST(test_all_end_soon)
{
    open_pool(4, 4, 10);
    silent = true;
    for (int minute = 0; minute < 10; minute++) {
        for (int ms = 0; ms < 60000; ms += 10) {
            for (uint32_t id = d.pool.last_id > 8 ? d.pool.last_id - 8 : 1; id <= d.pool.last_id;
                 id++) {
                struct worker *worker = pool_find(&d.pool, id);
                if (worker && worker->state == WORKER_STARTING)
                    ready(id);
                else if (worker && timers.now_us - worker->since_us >= 50000)
                    dies(id, SIGSEGV);
            }
            pass_ms(10);
        }
    }
    ck_assert_uint_lt(d.pool.last_id, 4 * (10 + 600000 / 24000)); /* a pool's worth each pause */
}
END_TEST

/* A worker that is lost on a job, its first one too, is replaced at once: the job may be at fault,
 * or somebody outside, but not the start. */
START_TEST(test_ended_soon_on_a_job)
{
    open_pool(1, 1, 100);
    silent = true;
    for (uint32_t id = 1; id <= 50; id++) {
        ready(id);
        SUBMIT();
        pass_ms(BATCH_MS);
        dies(id, SIGKILL);
        ck_assert_uint_eq(d.pool.last_id, id + 1);
        ck_assert_uint_eq(d.starts.failures, 0);
    }
    ck_assert_uint_eq(d.counts.failed[FAIL_ERROR], 50);
}
END_TEST

START_TEST(test_start_timeout)
{
    open_pool(1, 1, 10);
    SUBMIT();
    pass_us(START_TIMEOUT_MS * UINT64_C(1000) - 1);
    ck_told("start 1");
    limits.start_timeout_ms = 60000; /* so that the job does not give up meanwhile */
    reconfigure(false);
    pass_us(1);
    ck_assert_ptr_nonnull(strstr(news(), "poll 1, kill 1"));
    ck_assert_uint_eq(d.pool.counts[WORKER_STOPPING], 1);
    dies(1, SIGKILL);
    ck_told("forget 1");
    ck_assert_uint_eq(d.starts.failures, 1); /* once */
    pass_ms(125);
    ck_told("start 2");
}
END_TEST

static void become_ready(struct sim_worker *sim)
{
    dispatcher_worker_ready(&d, sim->worker);
}

/* What arrived in time counts, also if we come late. */
START_TEST(test_ready_at_the_last_moment)
{
    open_pool(1, 1, 10);
    hooks.polled = become_ready;
    pass_ms(START_TIMEOUT_MS);
    ck_told("start 1, poll 1");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

static void become_dead(struct sim_worker *sim)
{
    dies(sim->worker->id, -1);
}

START_TEST(test_dead_at_the_last_moment)
{
    open_pool(1, 1, 10);
    hooks.polled = become_dead;
    pass_ms(START_TIMEOUT_MS);
    ck_told("start 1, poll 1, forget 1");
    ck_assert_uint_eq(d.starts.failures, 1);
}
END_TEST

/* --- unavailable --- */

/* Jobs wait while no worker lives: for so long, and no longer. */
START_TEST(test_unavailable)
{
    open_pool(0, 1, 100);
    no_forks = _i == 1;
    SUBMIT();
    SUBMIT(.source = 'b');
    hush_news();
    silent = true;
    for (int ms = 0; ms < START_TIMEOUT_MS - 1; ms++) {
        if (d.pool.counts[WORKER_STARTING])
            dies(d.pool.last_id, -127);
        pass_ms(1);
    }
    ck_assert_uint_eq(dispatcher_waiting(&d), 2);
    silent = false;
    hush_news();
    pass_ms(1);
    ck_assert_ptr_nonnull(strstr(news(), "a1 failed unavailable, b2 failed unavailable"));
    ck_assert_uint_eq(d.counts.failed[FAIL_UNAVAILABLE], 2);
}
END_TEST

/* ... from when the last one is gone, and not while one is on its way that gets ready. */
START_TEST(test_available_again)
{
    open_idle(1, 1, 100);
    SUBMIT();
    SUBMIT();
    pass_ms(START_TIMEOUT_MS * 3); /* one lives */
    ck_told("give 1 j1");
    dies(1, SIGSEGV);
    ck_told("back 1 j1 no, a1 failed error SIG 11, forget 1, start 2");
    pass_ms(START_TIMEOUT_MS - 1);
    ready(2);
    ck_told("give 2 j2");
    pass_ms(START_TIMEOUT_MS * 3);
    done(2);
    ck_told("a2 done");
    ck_assert(!timer_is_set(&d.failing.unavailable));
}
END_TEST

START_TEST(test_unavailable_needs_a_line)
{
    open_pool(0, 1, 100);
    no_forks = true;
    SUBMIT();
    ck_told("start 1, forget 1");
    dispatcher_cancel(&d, the_job(1), false);
    ck_told("a1 failed cancelled");
    ck_assert(!timer_is_set(&d.failing.unavailable));
    pass_ms(START_TIMEOUT_MS - 1000);
    SUBMIT();
    pass_ms(START_TIMEOUT_MS - 1000); /* a time of its own */
    ck_assert_uint_eq(dispatcher_waiting(&d), 1);
    pass_ms(1000);
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
}
END_TEST

/* Thousands end a batch at a time. */
START_TEST(test_unavailable_for_thousands)
{
    open_pool(0, 1, 10000);
    silent = true;
    no_forks = true;
    for (int i = 0; i < 3500; i++)
        SUBMIT();
    timers_turn(&timers, timers.now_us + START_TIMEOUT_MS * UINT64_C(1000));
    timers_run(&timers);
    check_invariants();
    ck_assert_uint_gt(dispatcher_waiting(&d), 1000);
    ck_assert_uint_lt(dispatcher_waiting(&d), 3500);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
    ck_assert_uint_eq(d.counts.failed[FAIL_UNAVAILABLE], 3500);
}
END_TEST

/* A worker becomes ready in the midst of that: who is left has a worker. */
START_TEST(test_available_for_the_rest)
{
    open_pool(0, 1, 10000);
    silent = true;
    for (int i = 0; i < 3500; i++)
        SUBMIT();
    limits.start_timeout_ms = 20000; /* for the worker; the line's time is set already */
    dies(1, -1);
    pass_ms(100);
    pass_ms(100);
    timers_turn(&timers, d.failing.unavailable.due.key);
    d.limits.start_timeout_ms = 20000;
    timers_run(&timers);
    size_t left = dispatcher_waiting(&d);
    ck_assert(left > 1000 && left < 3500);
    ready(d.pool.last_id);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(dispatcher_waiting(&d), left - 1);
}
END_TEST

/* --- time limits --- */

/* The least of the job's, the module's and the overall limit; 0 is none. */
START_TEST(test_least_limit)
{
    static const uint32_t values[] = {0, 100, 200, 300};
    open_idle(1, 1, 10);
    for (size_t i = 0; i < 64; i++) {
        uint32_t job = values[i & 3], module = values[i >> 2 & 3], overall = values[i >> 4];
        uint32_t least = UINT32_MAX;
        char expected[100] = "give 1 j";
        least = job && job < least ? job : least;
        least = module && module < least ? module : least;
        least = overall && overall < least ? overall : least;
        limits.job_timeout_ms = overall;
        reconfigure(false);
        modules[1].settings.timeout_ms = module;
        uint64_t seq = SUBMIT(.module = 1, .timeout_ms = job);
        int n = sprintf(expected, "give 1 j%ju", (uintmax_t)seq);
        if (least != UINT32_MAX)
            sprintf(expected + n, " %ums", least);
        ck_told(expected);
        if (least != UINT32_MAX) {
            pass_us(least * UINT64_C(1000) - 1);
            ck_told("");
            pass_us(1);
            snprintf(expected, sizeof expected, "poll 1, flag 1 j%ju", (uintmax_t)seq);
            ck_told(expected);
        } else {
            pass_ms(3600000);
            ck_told("");
        }
        done(1);
        hush_news();
    }
}
END_TEST

/* It runs from assignment. */
START_TEST(test_limit_runs_from_assignment)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 5000);
    SUBMIT(.timeout_ms = 1000);
    pass_ms(4999);
    done(1);
    ck_told("give 1 j1 5000ms, a1 done, give 1 j2 1000ms");
    pass_ms(999);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, flag 1 j2");
}
END_TEST

/* The longest that can be asked for does not wrap. */
START_TEST(test_longest_limit)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = INT32_MAX);
    ck_told("give 1 j1 2147483647ms");
    pass_us(INT32_MAX * UINT64_C(1000) - 1);
    ck_told("");
    pass_us(1);
    ck_told("poll 1, flag 1 j1");
}
END_TEST

/* Flag at once, SIGTERM at half of kill-grace-ms, SIGKILL at kill-grace-ms. */
START_TEST(test_ladder)
{
    static const uint32_t graces[] = {2000, 2001, 1, 2, 3, 60000};
    uint32_t grace = graces[_i];
    open_idle(1, 1, 10);
    limits.kill_grace_ms = grace;
    reconfigure(false);
    SUBMIT(.timeout_ms = 500);
    hush_news();
    pass_ms(500);
    if (grace > 1) {
        ck_told("poll 1, flag 1 j1");
        pass_us(grace / 2 * UINT64_C(1000) - 1);
        ck_told("");
        pass_us(1);
        ck_told("poll 1, term 1");
    } else {
        ck_told("poll 1, flag 1 j1, poll 1, term 1"); /* half of 1 ms */
    }
    pass_us((grace - grace / 2) * UINT64_C(1000) - 1);
    ck_told("");
    pass_us(1);
    ck_told("poll 1, kill 1");
    pass_ms(3600000); /* what comes now is up to whoever carries it out */
    ck_told("");
    dies(1, SIGKILL);
    ck_told("a1 failed timeout sigkill, forget 1, start 2");
    ck_assert_uint_eq(d.counts.failed[FAIL_TIMEOUT], 1);
}
END_TEST

/* Climbs the ladder to the step. */
static void climb(int steps)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    pass_ms(500);
    ck_told("give 1 j1 500ms, poll 1, flag 1 j1");
    if (steps > 1)
        pass_ms(GRACE_MS / 2);
    if (steps > 2)
        pass_ms(GRACE_MS / 2);
    ck_told(steps == 1 ? "" : steps == 2 ? "poll 1, term 1" : "poll 1, term 1, poll 1, kill 1");
}

/* A result that comes after the stop is done, once; who had SIGTERM gets no other job. */
START_TEST(test_result_during_stop)
{
    static const char *const told[] = {"", "a1 done, give 1 j2",
                                       "a1 done, retire 1, forget 1, start 2",
                                       "a1 done, forget 1, start 2"};
    climb(_i);
    SUBMIT();
    done(1);
    if (_i > 1)
        dies(1, SIGTERM);
    ck_told(told[_i]);
    pass_ms(3600000);
    hush_news();
    ck_assert_uint_eq(d.counts.done, 1);
    ck_assert_uint_eq(d.counts.failed[FAIL_TIMEOUT], 0);
}
END_TEST

static const char *const step_names[] = {"none", "stop-flag", "sigterm", "sigkill"};

/* A failure that the module reports after the stop is the stop's, with the step that worked. */
START_TEST(test_failure_during_stop)
{
    char expected[100];
    climb(_i);
    fails(1, "interrupted");
    snprintf(expected, sizeof expected, "a1 failed timeout %s%s", step_names[_i],
             _i == 2 ? ", retire 1" : "");
    ck_told(expected);
    ck_assert_uint_eq(d.counts.failed[FAIL_TIMEOUT], 1);
    ck_assert_uint_eq(d.counts.failed[FAIL_MODULE], 0);
}
END_TEST

START_TEST(test_death_during_stop)
{
    char expected[100];
    climb(_i);
    lost(1, SIGTERM);
    snprintf(expected, sizeof expected, "a1 failed timeout %s", step_names[_i]);
    ck_told(expected);
    reaped(1);
    ck_told("forget 1, start 2");
}
END_TEST

/* The result lies in the socket when the deadline fires: sockets are read before. */
START_TEST(test_result_at_the_deadline)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    SUBMIT(.timeout_ms = 500);
    hush_news();
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    pass_ms(500);
    ck_told("poll 1, a1 done, give 1 j2 500ms"); /* and nothing happens to the next */
    pass_ms(499);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, flag 1 j2");
}
END_TEST

START_TEST(test_result_at_each_step)
{
    climb(_i);
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    pass_ms(GRACE_MS / 2);
    if (_i == 1)
        ck_told("poll 1, a1 done");
    else
        ck_told("poll 1, a1 done, retire 1");
}
END_TEST

/* The reading finds the worker dead, and its record is gone when it is over. */
START_TEST(test_death_at_the_deadline)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    hush_news();
    hooks.polled = become_dead;
    pass_ms(500);
    ck_told("poll 1, back 1 j1 no, a1 failed error exit 1, forget 1, start 2");
}
END_TEST

/* --- cancel and kill --- */

START_TEST(test_cancel_waiting)
{
    open_idle(1, 1, 10);
    for (int i = 0; i < 4; i++)
        SUBMIT();
    hush_news();
    dispatcher_cancel(&d, the_job(3), false);
    ck_told("a3 failed cancelled");
    dispatcher_cancel(&d, the_job(2), true);
    ck_told("a2 failed cancelled");
    ck_assert_ptr_null(dispatcher_find(&d, 2));
    done(1);
    ck_told("a1 done, give 1 j4");
}
END_TEST

START_TEST(test_cancel_running)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(&d, the_job(1), false);
    ck_told("flag 1 j1");
    ck_assert_int_eq(the_job(1)->state, JOB_STOPPING);
    dispatcher_cancel(&d, the_job(1), false); /* it is being stopped already */
    ck_told("");
    pass_ms(GRACE_MS / 2);
    ck_told("poll 1, term 1");
    pass_ms(GRACE_MS / 2);
    ck_told("poll 1, kill 1");
    dies(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill, forget 1, start 2");
    ck_assert_uint_eq(d.counts.failed[FAIL_CANCELLED], 1);
}
END_TEST

/* A job that finishes at that moment is done, once. */
START_TEST(test_cancel_too_late)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(&d, the_job(1), false);
    done(1);
    ck_told("flag 1 j1, a1 done");
    pass_ms(GRACE_MS);
    ck_told("");
    ck_assert_uint_eq(d.counts.done, 1);
    ck_assert_uint_eq(d.counts.failed[FAIL_CANCELLED], 0);
}
END_TEST

START_TEST(test_kill)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(&d, the_job(1), true);
    ck_told("flag 1 j1, kill 1"); /* no SIGTERM */
    dispatcher_cancel(&d, the_job(1), true);
    ck_told("");
    pass_ms(3600000);
    ck_told("");
    dies(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill, forget 1, start 2");
}
END_TEST

START_TEST(test_kill_after_cancel)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(&d, the_job(1), false);
    if (_i)
        pass_ms(GRACE_MS / 2);
    hush_news();
    dispatcher_cancel(&d, the_job(1), true);
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill, forget 1, start 2");
}
END_TEST

static size_t terms, kills;

static void count_signal(struct sim_worker *sim, int signo)
{
    (void)sim;
    terms += signo == SIGTERM;
    kills += signo == SIGKILL;
}

/* So many jobs that run, and from now on signals are counted. */
static void open_busy(int many)
{
    open_idle((uint32_t)many, (uint32_t)many, 10);
    terms = kills = 0;
    hooks.signalled = count_signal;
    for (int i = 0; i < many; i++)
        SUBMIT();
}

/* A few are killed at once, the others one by one: so many that die leave us no processor. Whose
 * job ends meanwhile is not hurt, whoever asks again is no sooner served, and none is left out. */
START_TEST(test_many_kills)
{
    enum { MANY = 20, AT_ONCE = 8, EACH_MS = 2 };
    open_busy(MANY);
    for (uint64_t seq = 1; seq <= MANY; seq++)
        dispatcher_cancel(&d, the_job(seq), true);
    ck_assert_uint_eq(kills, AT_ONCE);
    dispatcher_cancel(&d, the_job(MANY), true);
    ck_assert_uint_eq(kills, AT_ONCE);
    fails(the_job(MANY - 1)->run.worker->id, "stopped");
    for (uint64_t more = 1; more < MANY - AT_ONCE - 1; more++) {
        pass_ms(EACH_MS);
        ck_assert_uint_eq(kills, AT_ONCE + more);
    }
    pass_ms(2 * EACH_MS);
    ck_assert_uint_eq(kills, MANY - 1);
    pass_ms(3600000);
    ck_assert_uint_eq(kills, MANY - 1);
    ck_assert_uint_eq(terms, 0);
    ck_assert_uint_eq(d.counts.failed[FAIL_CANCELLED], 1);
}
END_TEST

/* Likewise SIGTERM. The end of the server itself waits for nothing. */
START_TEST(test_many_terms)
{
    enum { MANY = 20, AT_ONCE = 8 };
    open_busy(MANY);
    if (_i) {
        dispatcher_drain(&d);
        dispatcher_stop(&d);
    } else {
        for (uint64_t seq = 1; seq <= MANY; seq++)
            dispatcher_cancel(&d, the_job(seq), false);
    }
    pass_ms(GRACE_MS / 2);
    ck_assert_uint_eq(terms, _i ? MANY : AT_ONCE);
    pass_ms(GRACE_MS / 2 - 1);
    ck_assert_uint_eq(terms, MANY);
    ck_assert_uint_eq(kills, 0);
    pass_ms(GRACE_MS);
    ck_assert_uint_eq(kills, MANY);
}
END_TEST

/* The first reason stays. */
START_TEST(test_cancel_after_timeout)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    pass_ms(500);
    hush_news();
    dispatcher_cancel(&d, the_job(1), _i == 1);
    ck_told(_i ? "kill 1" : "");
    dies(1, SIGKILL);
    ck_told(_i ? "a1 failed timeout sigkill, forget 1, start 2"
               : "a1 failed timeout stop-flag, forget 1, start 2");
}
END_TEST

/* The limit that was running does not shorten the ladder. */
START_TEST(test_timeout_after_cancel)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    pass_ms(400);
    dispatcher_cancel(&d, the_job(1), false);
    ck_told("give 1 j1 500ms, flag 1 j1");
    pass_ms(GRACE_MS / 2 - 1);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, term 1");
    fails(1, "stopped");
    ck_told("a1 failed cancelled sigterm, retire 1");
}
END_TEST

/* --- sources --- */

START_TEST(test_source_ended_with_thousands)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT(.link = i % 2 == 1);
    hush_news();
    silent = true;
    struct job_source *source = &source_of('a')->source;
    ck_assert(!dispatcher_source_ended(&d, source));
    ck_assert_uint_eq(source->job_count, 2000);
    ck_assert_uint_eq(source->untie->seq, 1500);
    done(1); /* jobs come and go meanwhile: the next but one is the one that is looked at next */
    dispatcher_cancel(&d, dispatcher_find(&d, 1500), false);
    ck_assert_uint_eq(source->untie->seq, 1499);
    ck_assert(!dispatcher_source_ended(&d, source));
    ck_assert(dispatcher_source_ended(&d, source));
    ck_assert_uint_eq(source->job_count, 1250);
    ck_assert_uint_eq(d.counts.failed[FAIL_CANCELLED], 1249); /* and job 2 is being stopped */
    ck_assert(dispatcher_source_ended(&d, source));
    check_invariants();
}
END_TEST

START_TEST(test_source_ended)
{
    open_idle(2, 2, 10);
    SUBMIT(.link = true);
    SUBMIT();
    SUBMIT(.link = true);
    SUBMIT();
    SUBMIT(.source = 'b', .link = true);
    hush_news();
    dispatcher_source_ended(&d, &source_of('a')->source);
    const char *got = news();
    ck_assert_msg(strcmp(got, "a3 failed cancelled, flag 2 j1") == 0 ||
                      strcmp(got, "flag 2 j1, a3 failed cancelled") == 0,
                  "%s", got);
    done(1); /* the others live, and their events are delivered */
    ck_told("a2 done, give 1 j4");
    done(1);
    ck_told("a4 done, give 1 j5");
    fails(2, "stopped");
    ck_told("a1 failed cancelled stop-flag");
    done(1);
    ck_told("b5 done");
}
END_TEST

/* Waiting ones are dropped, running ones finish and are counted as orphaned, tied ones are stopped;
 * nobody is told. */
START_TEST(test_source_gone)
{
    open_idle(3, 3, 10);
    SUBMIT(.started = true);
    SUBMIT(.link = true);
    SUBMIT(.source = 'b');
    SUBMIT(.accepted = true, .started = true);
    SUBMIT(.source = 'b');
    hush_news();
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source));
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "a4 left"));
    ck_assert_ptr_nonnull(strstr(got, "flag 2 j2"));
    ck_assert_uint_eq(d.counts.dropped, 1);
    ck_assert_uint_eq(d.counts.orphaned, 0); /* once they have ended */
    ck_assert_uint_eq(d.counts.running, 3);
    done(3); /* the worker is free again */
    ck_told("give 3 j5");
    ck_assert_uint_eq(d.counts.orphaned, 1);
    fails(2, "stopped");
    done(1);
    ck_told("b3 done");
    ck_assert_uint_eq(d.counts.orphaned, 2);
    ck_assert_uint_eq(d.counts.failed[FAIL_CANCELLED], 0);
    ck_assert_uint_eq(sources[0].terminal, 0);
}
END_TEST

/* An orphaned job that dies, or whose time is up, is handled as any other. */
START_TEST(test_orphans_end)
{
    open_idle(2, 2, 10);
    SUBMIT(.timeout_ms = 500);
    SUBMIT();
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source));
    hush_news();
    dies(1, SIGSEGV);
    ck_told("back 1 j2 no, forget 1, start 3");
    pass_ms(500 + GRACE_MS);
    ck_told("poll 2, flag 2 j1, poll 2, term 2, poll 2, kill 2");
    dies(2, SIGKILL);
    ck_told("forget 2, start 4");
    ck_assert_uint_eq(d.counts.orphaned, 2);
}
END_TEST

/* Thousands go a batch at a time, the newest first, and none of them is run meanwhile. */
START_TEST(test_source_gone_with_thousands)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    uint64_t of_b = SUBMIT(.source = 'b');
    hush_news();
    silent = true;
    int batches = 1;
    while (!dispatcher_source_gone(&d, &source_of('a')->source)) {
        check_invariants();
        ck_assert_int_lt(++batches, 10);
        if (batches == 2) { /* the worker is free in the midst of it */
            silent = false;
            done(1);
            check_invariants();
            pass_us(1); /* more than a batch of them stands before the next */
            char expected[32];
            snprintf(expected, sizeof expected, "give 1 j%ju", (uintmax_t)of_b);
            const char *told = news();
            ck_assert_ptr_nonnull(strstr(told, expected));
            ck_assert_ptr_null(strstr(told, "j2,"));
            silent = true;
        }
    }
    check_invariants();
    ck_assert_int_ge(batches, 2);
    ck_assert_uint_eq(d.counts.dropped, 2499);
    ck_assert_uint_eq(d.counts.orphaned, 1);
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source)); /* nothing is left */
}
END_TEST

/* What is left of it when the line is given up, or cancelled by somebody else, is dropped, too: it
 * never ran. */
START_TEST(test_source_gone_and_the_line_fails)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    silent = true;
    ck_assert(!dispatcher_source_gone(&d, &source_of('a')->source));
    dispatcher_cancel(&d, the_job(2), false);
    check_invariants();
    dispatcher_drain(&d);
    for (int i = 0; i < 10; i++)
        turn();
    done(1);
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source));
    ck_assert_uint_eq(d.counts.dropped, 2499);
    ck_assert_uint_eq(d.counts.orphaned, 1);
}
END_TEST

/* Whichever way a waiting job is dropped, it is not its module that failed. */
START_TEST(test_dropped_is_not_failed)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    silent = true;
    ck_assert(!dispatcher_source_gone(&d, &source_of('a')->source)); /* a batch */
    dispatcher_cancel(&d, the_job(2), false);
    dispatcher_drain(&d); /* the rest, with the line */
    turn();
    turn();
    ck_assert_uint_eq(d.counts.dropped, 2499);
    ck_assert_uint_eq(modules[0].history.failed, 0);
    fails(1, "by-itself"); /* this one did, though nobody is told */
    ck_assert_uint_eq(modules[0].history.failed, 1);
}
END_TEST

/* --- drain, abort, reload --- */

START_TEST(test_drain)
{
    open_idle(3, 4, 10);
    for (int i = 0; i < 5; i++)
        SUBMIT();
    ck_told("give 3 j1, give 2 j2, give 1 j3, start 4");
    done(1);
    ck_told("a3 done, give 1 j4");
    done(1);
    done(1);
    ck_told("a4 done, give 1 j5, a5 done");
    SUBMIT(); /* 1, 2, 3 busy, 4 starting, one waits */
    SUBMIT();
    hush_news();
    dispatcher_drain(&d);
    ck_told("a7 failed shutdown, retire 4");
    SUBMIT(.source = 'b');
    ck_told("b8 failed shutdown");
    done(2); /* running ones finish; then their workers end */
    ck_told("a2 done, retire 2");
    dies(4, -0);
    dies(2, -0);
    ck_told("forget 4, forget 2"); /* none is started */
    dies(1, SIGSEGV);
    ck_told("back 1 j6 no, a6 failed error SIG 11, forget 1");
    ck_assert(!dispatcher_is_drained(&d));
    done(3);
    ck_told("a1 done, retire 3");
    ck_assert(!dispatcher_is_drained(&d));
    dies(3, -0);
    ck_told("forget 3");
    ck_assert(dispatcher_is_drained(&d));
    pass_ms(3600000);
    ck_told("");
}
END_TEST

/* A worker that is told to end and does not is killed. */
START_TEST(test_drain_stubborn)
{
    open_idle(1, 1, 10);
    dispatcher_drain(&d);
    ck_told("retire 1");
    pass_ms(GRACE_MS - 1);
    ck_told("");
    pass_ms(1);
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("forget 1");
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_drain_thousands)
{
    open_idle(1, 1, 10000);
    silent = true;
    for (int i = 0; i < 3501; i++)
        SUBMIT();
    dispatcher_drain(&d);
    check_invariants();
    ck_assert_uint_gt(dispatcher_waiting(&d), 0);
    done(1); /* the worker is free in the midst of it, and gets none of them */
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
    ck_assert_uint_eq(d.counts.failed[FAIL_SHUTDOWN], 3500);
    dies(1, -0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* While starts were held back: nothing is started any more. */
START_TEST(test_drain_in_backoff)
{
    open_pool(1, 1, 10);
    dies(1, -1);
    SUBMIT();
    hush_news();
    dispatcher_drain(&d);
    ck_told("a1 failed shutdown");
    ck_assert(dispatcher_is_drained(&d));
    pass_ms(3600000);
    ck_told("");
}
END_TEST

START_TEST(test_drain_empty)
{
    open_pool(0, 1, 10);
    ck_assert(!dispatcher_is_drained(&d));
    dispatcher_drain(&d);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* Jobs that still run are stopped step by step, each for its own reason. */
START_TEST(test_stop)
{
    open_idle(2, 2, 10);
    SUBMIT();
    SUBMIT(.timeout_ms = 500);
    dispatcher_drain(&d);
    pass_ms(500);
    hush_news();
    dispatcher_stop(&d);
    ck_told("flag 2 j1");
    pass_ms(GRACE_MS / 2);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "term 1"));
    ck_assert_ptr_nonnull(strstr(got, "term 2"));
    ck_assert_ptr_null(strstr(got, "kill"));
    dies(2, SIGTERM);
    ck_told("a1 failed shutdown sigterm, forget 2");
    pass_ms(GRACE_MS - GRACE_MS / 2);
    ck_told("poll 1, kill 1");
    dies(1, SIGKILL);
    ck_told("a2 failed timeout sigkill, forget 1"); /* its first reason */
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* A result that comes in time counts, and the worker has no more time than its job would have had.
 */
START_TEST(test_stop_and_an_answer)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_drain(&d);
    dispatcher_stop(&d);
    pass_ms(GRACE_MS - 1);
    ck_told("flag 1 j1, poll 1, term 1");
    done(1);
    ck_told("a1 done, retire 1");
    pass_ms(1);
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_abort)
{
    open_idle(2, 3, 10);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    hush_news();
    dispatcher_drain(&d);
    ck_told("a3 failed shutdown, retire 3");
    dispatcher_abort(&d);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "a1 failed shutdown sigkill"));
    ck_assert_ptr_nonnull(strstr(got, "a2 failed shutdown sigkill"));
    ck_assert_ptr_nonnull(strstr(got, "kill 3"));
    ck_assert_uint_eq(d.counts.running, 0);
    ck_assert(!dispatcher_is_drained(&d)); /* they are not reaped yet */
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    reads(1); /* too late */
    ck_told("");
    for (uint32_t id = 1; id <= 3; id++)
        dies(id, SIGKILL);
    ck_told("forget 1, forget 2, forget 3");
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* A new worker goes first. When it is ready, every other ends after its job. */
START_TEST(test_reload)
{
    open_idle(2, 4, 10);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 2 j1, give 1 j2, start 3");
    done(1);
    ck_told("a2 done, give 1 j3");
    done(1);
    ck_told("a3 done");
    reconfigure(true); /* 1 idle, 2 busy, 3 starting */
    ck_told("start 4");
    SUBMIT();
    ck_told("give 1 j4"); /* as if nothing were */
    done(1);
    ck_told("a4 done");
    ready(4);
    ck_told("retire 3, retire 1");
    dies(1, -0);
    dies(3, -0);
    ck_told("forget 1, forget 3"); /* two are there still */
    done(2);
    ck_told("a1 done, retire 2");
    dies(2, -0);
    ck_told("forget 2, start 5");
    SUBMIT();
    ck_told("give 4 j5");
    done(4);
    ck_told("a5 done"); /* it is not old */
}
END_TEST

/* All places are taken: one without a job gives way. */
static size_t told_to_end(void)
{
    return d.pool.counts[WORKER_STOPPING];
}

/* Thousands that end at the same moment would leave no processor to anybody. */
START_TEST(test_reload_of_many)
{
    open_idle(100, 101, 100);
    reconfigure(true);
    pass_ms(BATCH_MS);
    ready(101);
    ck_assert_uint_eq(pool_ending(&d.pool), 100); /* none of them gets a job any more */
    for (size_t told; (told = told_to_end()) < 100;) {
        pass_ms(BATCH_MS);
        ck_assert_uint_gt(told_to_end(), told);
        ck_assert_uint_le(told_to_end(), told + BATCH);
    }
    ck_assert_uint_eq(told_to_end(), 100);
}
END_TEST

/* Whoever ends before it was told, or is killed, is told no more. */
START_TEST(test_reload_of_many_that_end)
{
    open_idle(20, 21, 100);
    reconfigure(true);
    pass_ms(BATCH_MS);
    ready(21);
    ck_assert_uint_eq(told_to_end(), BATCH);
    for (uint32_t id = 1; id <= 10; id++)
        dies(id, SIGKILL);
    hush_news();
    dispatcher_abort(&d);
    ck_assert_uint_eq(d.pool.counts[WORKER_RETIRING], 0);
    hush_news();
    pass_ms(BATCH_MS);
    ck_assert_ptr_null(strstr(news(), "retire"));
}
END_TEST

START_TEST(test_reload_full)
{
    open_idle(3, 3, 10);
    SUBMIT();
    ck_told("give 3 j1");
    reconfigure(true);
    ck_told("retire 2");
    SUBMIT();
    ck_told("give 1 j2");
    dies(2, -0);
    ck_told("forget 2, start 4");
    done(1);
    ck_told("a2 done");
    ready(4);
    ck_told("retire 1");
    dies(1, -0);
    ck_told("forget 1, start 5");
    done(3);
    ck_told("a1 done, retire 3");
}
END_TEST

/* ... or the first that has finished its job, and no other. */
START_TEST(test_reload_full_and_busy)
{
    open_idle(3, 3, 10);
    for (int i = 0; i < 6; i++)
        SUBMIT();
    ck_told("give 3 j1, give 2 j2, give 1 j3");
    reconfigure(true);
    ck_told("");
    done(2);
    ck_told("a2 done, retire 2");
    done(1);
    ck_told("a3 done, give 1 j4");
    dies(2, -0);
    ck_told("forget 2, start 4");
    done(3);
    ck_told("a1 done, give 3 j5");
    ready(4);
    ck_told("give 4 j6");
    done(1);
    done(3);
    ck_told("a4 done, retire 1, a5 done, retire 3");
}
END_TEST

/* No worker starts under the new settings: the old ones serve on. */
START_TEST(test_reload_in_vain)
{
    open_idle(3, 3, 10);
    reconfigure(true);
    ck_told("retire 3");
    dies(3, -0);
    ck_told("forget 3, start 4");
    dies(4, SIGSEGV);
    ck_told("forget 4");
    for (int i = 0; i < 3; i++) {
        while (!d.pool.counts[WORKER_STARTING])
            pass_ms(100);
        ck_told(i == 0 ? "start 5" : i == 1 ? "start 6" : "start 7");
        dies(5 + (uint32_t)i, SIGSEGV);
        SUBMIT();
        SUBMIT();
        hush_news();
        done(1);
        done(2);
        hush_news();
    }
    ck_assert_uint_eq(d.counts.done, 6);
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 2);
    reconfigure(true); /* what was wrong is mended, and nobody has to wait for the pause's end */
    ck_told("start 8");
    ready(8);
    ck_told("retire 2, retire 1");
}
END_TEST

/* Again, before the first was ready: that one will not do any more. */
START_TEST(test_reload_twice)
{
    open_idle(2, 3, 10);
    reconfigure(true);
    ck_told("start 3");
    reconfigure(true);
    ck_told("retire 3"); /* there is room as soon as that is gone */
    dies(3, -0);
    ck_told("forget 3, start 4");
    ready(4);
    ck_told("retire 2, retire 1");
}
END_TEST

/* The old ones are lost meanwhile. */
START_TEST(test_reload_and_losses)
{
    open_idle(2, 2, 10);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    hush_news();
    reconfigure(true);
    dies(1, SIGSEGV);
    dies(2, SIGSEGV);
    ck_told("back 1 j2 no, a2 failed error SIG 11, forget 1, start 3, back 2 j1 no, a1 failed "
            "error SIG 11, forget 2, "
            "start 4");
    ready(3);
    ck_told("give 3 j3");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* One leaves after the reload before, when its job has ended; that may be in an hour. */
START_TEST(test_reload_beside_a_long_job)
{
    open_idle(3, 3, 10);
    SUBMIT();
    ck_told("give 3 j1");
    reconfigure(true);
    dies(2, -0);
    ready(4);
    dies(1, -0);
    ready(5);
    hush_news();
    ck_assert(the_worker(3)->reloads < d.renewal.renewed);
    reconfigure(true);
    ck_told("retire 5");
    dies(5, -0);
    ready(6);
    ck_told("forget 5, start 6, retire 4");
}
END_TEST

START_TEST(test_reload_of_one)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1");
    reconfigure(true);
    done(1);
    ck_told("a1 done, retire 1");
    dies(1, -0);
    ready(2);
    ck_told("forget 1, start 2, give 2 j2");
}
END_TEST

START_TEST(test_reload_and_less_room)
{
    open_idle(3, 3, 10);
    limits.pool_start = limits.pool_max = 1;
    reconfigure(true);
    ck_told("retire 3");
    dies(3, -0);
    ck_told("forget 3, retire 2");
    dies(2, -0);
    ck_told("forget 2, retire 1");
    dies(1, -0);
    ck_told("forget 1, start 4");
    ready(4);
    ck_told("");
}
END_TEST

START_TEST(test_reload_limits)
{
    open_idle(1, 1, 2);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1");
    limits.job_max = 0; /* nobody is thrown out */
    reconfigure(false);
    ck_told("");
    SUBMIT();
    ck_told("a4 overload queue-full 2 1");
    limits.pool_max = 3; /* those that wait get workers at once */
    reconfigure(false);
    ck_told("start 2, start 3");
    ready(2);
    ready(3);
    ck_told("give 2 j2, give 3 j3");
    limits.pool_max = 1; /* nobody is stopped for it */
    reconfigure(false);
    ck_told("");
    dies(1, SIGSEGV);
    ck_told("back 1 j1 no, a1 failed error SIG 11, forget 1");
    limits.pool_max = 5;
    limits.pool_start = 4;
    reconfigure(false);
    ck_told("start 4, start 5");
}
END_TEST

/* A start that was under way when the settings changed and dies is no failure of the new ones. */
START_TEST(test_reload_while_starting)
{
    open_pool(1, 1, 10);
    hush_news();
    reconfigure(true);
    dies(1, -1);
    ck_told("retire 1, forget 1, start 2");
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

/* Nobody is ready yet. Those of before go on, and the new one shows that nothing can be started. */
START_TEST(test_reload_in_an_early_moment)
{
    open_pool(2, 4, 10);
    ck_told("start 1, start 2");
    reconfigure(true);
    ck_told("start 3");
    dies(3, SIGSEGV);
    ck_told("forget 3");
    ck_assert(d.renewal.told_held && d.starts.failures == 1);
    SUBMIT();
    ready(1);
    ck_told("give 1 j1"); /* by a worker of before */
    done(1);
    ck_told("a1 done");
    ck_assert_uint_eq(d.starts.failures, 1); /* which is no proof of the new settings */
    pass_ms(200);
    ck_told("start 4");
    ready(2);
    ready(4);
    ck_told("retire 2, retire 1");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* Old ones that die while they start are no failures of the new settings, nor is one that is late.
 */
START_TEST(test_old_ones_that_do_not_start)
{
    open_pool(2, 4, 10);
    hush_news();
    pass_ms(5000);
    reconfigure(true);
    ck_told("start 3");
    dies(1, SIGSEGV);
    ck_told("forget 1");
    pass_ms(6000);
    ck_told("poll 2, kill 2");
    ck_assert(!d.renewal.told_held && !d.starts.failures);
    pass_ms(6000);
    ck_told("poll 3, kill 3, start 4");
    ck_assert(d.renewal.told_held && d.starts.failures);
}
END_TEST

/* Whoever waits for the end of a reload hears of it, also where there was no worker at all. */
START_TEST(test_reload_of_none)
{
    open_pool(0, 2, 10);
    ck_told("");
    reconfigure(true);
    ck_told("start 1");
    ready(1);
    ck_told("");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
    SUBMIT();
    ck_told("give 1 j1");
}
END_TEST

/* A preload that refuses holds the renewal, as long as others serve. */
START_TEST(test_reload_with_a_preload_that_refuses)
{
    open_idle(2, 4, 10);
    reconfigure(true);
    ck_told("start 3");
    ready_without(3);
    ck_told("retire 3");
    ck_assert(d.renewal.told_held && d.starts.failures == 1);
    ck_assert_str_eq(d.starts.error, "a module refuses");
    dies(3, -0);
    ck_told("forget 3");
    SUBMIT();
    ck_told("give 2 j1");
    dies(1, SIGSEGV);
    dies(2, SIGSEGV);
    ck_told("forget 1, back 2 j1 no, a1 failed error SIG 11, forget 2");
    pass_ms(200);
    ck_told("start 4");
    ready_without(4); /* better than none */
    SUBMIT();
    ck_told("start 5, give 4 j2");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* Where nothing is renewed it takes jobs: at the start, and when one of before the reload is late.
 */
START_TEST(test_a_preload_that_refuses)
{
    open_pool(2, 4, 10);
    ck_told("start 1, start 2");
    ready_without(1);
    SUBMIT();
    ck_told("give 1 j1");
    reconfigure(true);
    ck_told("start 3");
    ready_without(2);
    SUBMIT();
    ck_told("give 2 j2");
    ck_assert(!d.renewal.told_held && d.renewal.renewed != d.renewal.reloads);
    ready(3);
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* All places are taken by workers that are starting: one of them gives way. */
START_TEST(test_reload_full_of_starting_ones)
{
    open_pool(3, 3, 10);
    hush_news();
    reconfigure(true);
    ck_told("retire 3");
    ready(1);
    dies(3, SIGKILL);
    ck_told("forget 3, start 4");
    reconfigure(true); /* another takes over */
    ck_told("retire 4");
    dies(4, SIGKILL);
    ready(2);
    ready(5);
    ck_told("forget 4, start 5, retire 2, retire 1");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* --- our own bugs --- */

START_TEST(test_reaped_before_lost)
{
    open_idle(1, 1, 10);
    hush();
    dispatcher_worker_reaped(&d, the_worker(1));
}
END_TEST

START_TEST(test_free_with_workers)
{
    open_idle(1, 1, 10);
    hush();
    dispatcher_free(&d);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, NULL, world_close);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("dispatcher");
    TCase *tc = new_case(suite, "pool");
    tcase_add_test(tc, test_pool_start);
    tcase_add_test(tc, test_pool_start_0);
    tcase_add_test(tc, test_many_starts);
    tcase_add_test(tc, test_dead_ones_come_back_on_demand);

    tc = new_case(suite, "admission");
    tcase_add_test(tc, test_free_worker);
    tcase_add_test(tc, test_no_free_worker_starts_one);
    tcase_add_test(tc, test_start_when_waiting_exceeds_starting);
    tcase_add_test(tc, test_job_max);
    tcase_add_test(tc, test_starting_ones_make_room);
    tcase_add_test(tc, test_starting_ones_die);
    tcase_add_test(tc, test_job_max_0);
    tcase_add_test(tc, test_job_max_0_grows);
    tcase_add_test(tc, test_pool_max_1);
    tcase_add_test(tc, test_stopping_counts);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_overload_goes_to_its_submitter);
    tcase_add_test(tc, test_order_of_reasons);
    tcase_add_test(tc, test_over_budget_with_a_free_worker);
    tcase_add_test(tc, test_unknown_module);
    tcase_add_test(tc, test_client_quota);
    tcase_add_test(tc, test_retry_after);
    tcase_add_test(tc, test_retry_after_least);

    tc = new_case(suite, "ends");
    tcase_add_test(tc, test_answers);
    tcase_add_test(tc, test_lost_then_reaped);
    tcase_add_test(tc, test_lost_with_exit_status);
    tcase_add_test(tc, test_lost_twice);
    tcase_add_test(tc, test_lost_without_a_job);
    tcase_add_test(tc, test_result_then_death);
    tcase_add_test(tc, test_fifty_die_at_once);
    tcase_add_test(tc, test_fifty_die_one_by_one);

    tc = new_case(suite, "starts");
    tcase_add_loop_test(tc, test_backoff_grows, 0, 3);
    tcase_add_test(tc, test_backoff_never_spins);
    tcase_add_test(tc, test_backoff_together);
    tcase_add_loop_test(tc, test_backoff_ends_with_success, 0, 2);
    tcase_add_test(tc, test_backoff_starts_over);
    tcase_add_loop_test(tc, test_jitter_keeps_the_bounds, 0, 2);
    tcase_add_test(tc, test_jitter);
    tcase_add_loop_test(tc, test_ended_soon, 0, 2);
    tcase_add_test(tc, test_all_end_soon);
    tcase_add_test(tc, test_ended_soon_on_a_job);
    tcase_add_test(tc, test_start_timeout);
    tcase_add_test(tc, test_ready_at_the_last_moment);
    tcase_add_test(tc, test_dead_at_the_last_moment);
    tcase_add_loop_test(tc, test_unavailable, 0, 2);
    tcase_add_test(tc, test_available_again);
    tcase_add_test(tc, test_unavailable_needs_a_line);
    tcase_add_test(tc, test_unavailable_for_thousands);
    tcase_add_test(tc, test_available_for_the_rest);

    tc = new_case(suite, "stopping");
    tcase_add_test(tc, test_least_limit);
    tcase_add_test(tc, test_limit_runs_from_assignment);
    tcase_add_test(tc, test_longest_limit);
    tcase_add_loop_test(tc, test_ladder, 0, 6);
    tcase_add_loop_test(tc, test_result_during_stop, 1, 4);
    tcase_add_loop_test(tc, test_failure_during_stop, 1, 4);
    tcase_add_loop_test(tc, test_death_during_stop, 1, 4);
    tcase_add_test(tc, test_result_at_the_deadline);
    tcase_add_loop_test(tc, test_result_at_each_step, 1, 3);
    tcase_add_test(tc, test_death_at_the_deadline);
    tcase_add_test(tc, test_cancel_waiting);
    tcase_add_test(tc, test_cancel_running);
    tcase_add_test(tc, test_cancel_too_late);
    tcase_add_test(tc, test_kill);
    tcase_add_loop_test(tc, test_kill_after_cancel, 0, 2);
    tcase_add_test(tc, test_many_kills);
    tcase_add_loop_test(tc, test_many_terms, 0, 2);
    tcase_add_loop_test(tc, test_cancel_after_timeout, 0, 2);
    tcase_add_test(tc, test_timeout_after_cancel);

    tc = new_case(suite, "sources");
    tcase_add_test(tc, test_source_ended);
    tcase_add_test(tc, test_source_ended_with_thousands);
    tcase_add_test(tc, test_source_gone);
    tcase_add_test(tc, test_orphans_end);
    tcase_add_test(tc, test_source_gone_with_thousands);
    tcase_add_test(tc, test_source_gone_and_the_line_fails);
    tcase_add_test(tc, test_dropped_is_not_failed);

    tc = new_case(suite, "drain and reload");
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_drain_stubborn);
    tcase_add_test(tc, test_drain_thousands);
    tcase_add_test(tc, test_drain_in_backoff);
    tcase_add_test(tc, test_drain_empty);
    tcase_add_test(tc, test_stop);
    tcase_add_test(tc, test_stop_and_an_answer);
    tcase_add_test(tc, test_abort);
    tcase_add_test(tc, test_reload);
    tcase_add_test(tc, test_reload_of_many);
    tcase_add_test(tc, test_reload_of_many_that_end);
    tcase_add_test(tc, test_reload_full);
    tcase_add_test(tc, test_reload_full_and_busy);
    tcase_add_test(tc, test_reload_in_vain);
    tcase_add_test(tc, test_reload_twice);
    tcase_add_test(tc, test_reload_and_losses);
    tcase_add_test(tc, test_reload_beside_a_long_job);
    tcase_add_test(tc, test_reload_of_one);
    tcase_add_test(tc, test_reload_and_less_room);
    tcase_add_test(tc, test_reload_limits);
    tcase_add_test(tc, test_reload_while_starting);
    tcase_add_test(tc, test_reload_in_an_early_moment);
    tcase_add_test(tc, test_old_ones_that_do_not_start);
    tcase_add_test(tc, test_reload_of_none);
    tcase_add_test(tc, test_reload_with_a_preload_that_refuses);
    tcase_add_test(tc, test_a_preload_that_refuses);
    tcase_add_test(tc, test_reload_full_of_starting_ones);

    tc = new_case(suite, "own bugs");
    tcase_add_test_raise_signal(tc, test_reaped_before_lost, SIGABRT);
    tcase_add_test_raise_signal(tc, test_free_with_workers, SIGABRT);
    return run_suite(suite);
}
