/*
 * test_news: readers hear the events they want, and of nothing else.
 */
#include "tests/unit/jobs/recorder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char told[1024];
static struct news_reader reader;

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
    size_t len = strlen(told);
    va_list args;
    if (len)
        told[len++] = ',', told[len] = '\0';
    va_start(args, fmt);
    vsnprintf(told + len, sizeof told - len, fmt, args);
    va_end(args);
}

static void on_job(struct news_reader *me, const struct job *job)
{
    (void)me;
    note("j%d %s", (int)job->seq, job_state_name(job->state));
}

static void on_end(struct news_reader *me, const struct job *job, const struct job_end *end)
{
    (void)me;
    note("j%d %s by %d%s%s", (int)job->seq, end->event->type == JOB_DONE ? "done" : "not done",
         end->worker ? (int)end->worker->id : 0, end->dropped ? " dropped" : "",
         end->orphaned ? " orphaned" : "");
}

static void on_worker(struct news_reader *me, const struct worker *worker, enum worker_news what)
{
    (void)me;
    note("w%d %s", (int)worker->id, worker_news_name(what));
}

static void on_pool(struct news_reader *me, const char *pool, enum pool_news what)
{
    (void)me;
    note("%s %s", pool, pool_news_name(what));
}

static void want(unsigned kinds)
{
    reader.on_job = on_job;
    reader.on_end = on_end;
    reader.on_worker = on_worker;
    reader.on_pool = on_pool;
    told[0] = '\0';
    news_want(&shared.news, &reader, kinds);
}

static void leave(void)
{
    news_want(&shared.news, &reader, 0);
    ck_assert_uint_eq(shared.news.wanted, 0);
    ck_assert(LIST_EMPTY(&shared.news.readers));
}

#define ck_heard(text)                \
    do {                              \
        ck_assert_str_eq(told, text); \
        told[0] = '\0';               \
    } while (0)

START_TEST(test_nobody_wants)
{
    open_idle(1, 1, 10);
    want(0);
    SUBMIT();
    done(1);
    ck_heard("");
    leave();
}
END_TEST

START_TEST(test_job)
{
    open_idle(1, 1, 10);
    want(NEWS_JOBS | NEWS_ENDS);
    SUBMIT();
    ck_heard("j1 running");
    SUBMIT();
    ck_heard("j2 waiting");
    done(1);
    ck_heard("j1 done by 1,j2 running");
    dispatcher_cancel(the_job(2), false);
    ck_heard("j2 stopping");
    fails(1, "stopped");
    ck_heard("j2 not done by 1");
    leave();
}
END_TEST

/* A refused job ends without a worker; one whose source has gone is told as such. */
START_TEST(test_ends_of_all_kinds)
{
    open_idle(1, 1, 1);
    want(NEWS_ENDS);
    SUBMIT();
    SUBMIT();
    SUBMIT(.source = 'b');
    ck_heard("j3 not done by 0");
    while (!dispatcher_source_gone(&shared, &source_of('a')->source))
        ;
    ck_heard("j2 not done by 0 dropped");
    done(1);
    ck_heard("j1 done by 1 orphaned");
    leave();
}
END_TEST

START_TEST(test_marked)
{
    open_idle(1, 1, 10);
    want(NEWS_MARKED);
    SUBMIT();
    SUBMIT();
    the_job(2)->run.marked = true;
    done(1);
    ck_heard("");
    done(1);
    ck_heard("j2 done by 1");
    leave();
}
END_TEST

START_TEST(test_workers)
{
    limits.ping_misses = 1;
    open_pool(0, 2, 10);
    want(NEWS_WORKERS);
    SUBMIT();
    ck_heard("w1 starting");
    ready(1);
    ck_heard("w1 ready");
    lost(1, SIGSEGV);
    ck_heard("");
    reaped(1);
    ck_heard("w1 ended");
    leave();
}
END_TEST

START_TEST(test_turns)
{
    open_idle(1, 1, 10);
    want(NEWS_TURNS);
    SUBMIT();
    ck_heard("w1 busy");
    done(1);
    ck_heard("w1 idle");
    leave();
}
END_TEST

START_TEST(test_dead_and_alive)
{
    open_idle(1, 1, 10);
    limits.ping_misses = 1;
    limits.dead_kill_ms = 10000;
    reconfigure(false);
    want(NEWS_WORKERS);
    stops(1);
    for (int i = 0; i < 4; i++) {
        dispatcher_ping(&d);
        pass_ms(500);
    }
    ck_heard("w1 dead,w2 starting");
    goes_on(1);
    ck_heard("w1 alive");
    leave();
}
END_TEST

START_TEST(test_no_process)
{
    open_pool(0, 1, 10);
    want(NEWS_WORKERS);
    no_forks = true;
    SUBMIT();
    ck_heard("");
    leave();
}
END_TEST

START_TEST(test_pool)
{
    open_idle(1, 1, 10);
    want(NEWS_POOLS);
    dispatcher_resume(&d); /* no change */
    dispatcher_pause(&d);
    dispatcher_pause(&d);
    dispatcher_resume(&d);
    dispatcher_resize(&d, &(struct pool_size){.pool_start = 1, .pool_max = 2, .job_max = 3});
    ck_heard("default paused,default resumed,default resized");
    leave();
}
END_TEST

/* A reader may leave while it is told. */
static void on_end_leave(struct news_reader *me, const struct job *job, const struct job_end *end)
{
    on_end(me, job, end);
    news_want(&shared.news, me, 0);
}

START_TEST(test_leaves_amid)
{
    struct news_reader second = {.on_end = on_end_leave};
    open_idle(1, 1, 10);
    want(NEWS_ENDS);
    news_want(&shared.news, &second, NEWS_ENDS);
    SUBMIT();
    done(1);
    ck_heard("j1 done by 1,j1 done by 1");
    ck_assert_uint_eq(shared.news.wanted, NEWS_ENDS);
    SUBMIT();
    done(1);
    ck_heard("j2 done by 1");
    leave();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("news");
    TCase *tc = recorder_case(suite, "news");
    tcase_add_test(tc, test_nobody_wants);
    tcase_add_test(tc, test_job);
    tcase_add_test(tc, test_ends_of_all_kinds);
    tcase_add_test(tc, test_marked);
    tcase_add_test(tc, test_workers);
    tcase_add_test(tc, test_turns);
    tcase_add_test(tc, test_dead_and_alive);
    tcase_add_test(tc, test_no_process);
    tcase_add_test(tc, test_pool);
    tcase_add_test(tc, test_leaves_amid);
    return run_suite(suite);
}
