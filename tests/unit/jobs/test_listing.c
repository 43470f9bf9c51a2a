/* test_listing: pages of jobs in their order, while jobs come and go between the pages. */
#include "jobs/listing.h"

#include "jobs/dispatcher_internal.h"
#include "recorder.h"

#include <string.h>

enum { MANY = 30000, UNREAD_MAX = 1000000 };

static struct pools pools;
static struct dispatcher other; /* the pool `aside` */
static struct listing listing;
static struct listing_filter filter;
static struct listing_page page;
static uint32_t seen[MANY + 1]; /* how often, by seq */
static uint64_t last;           /* the job met last */
static struct chance chance;

/* The pools of the recorder, listed by hand. */
static void open_listing(uint32_t workers, uint32_t window)
{
    open_idle(workers, workers, 10 * MANY);
    shared.limits.source_unread_max = UNREAD_MAX;
    shared.limits.source_output_max = 4ull * UNREAD_MAX;
    d.limits.worker_window = window;
    dispatcher_init(&other, &shared, "aside",
                    &(struct pool_settings){.pool_max = 0, .job_max = MANY}, 1, 1);
    LIST_INIT(&pools.list);
    LIST_INSERT_HEAD(&pools.list, &d, link);
    LIST_INSERT_HEAD(&pools.list, &other, link);
    filter = (struct listing_filter){.states = LISTING_ALL};
    page.limit = LISTING_JOBS;
    memset(seen, 0, sizeof seen);
    last = 0;
    listing_begin(&listing, false);
}

static void close_listing(void)
{
    struct job *job;
    listing_end(&listing);
    LIST_REMOVE(&d, link);
    while ((job = TAILQ_FIRST(&other.line.queue.jobs)))
        dispatcher_cancel(job, false);
    dispatcher_free(&other);
}

static bool read_page(void)
{
    bool more = listing_read(&listing, &pools, &filter, &page);
    ck_assert_uint_le(page.count, page.limit);
    for (size_t i = 0; i < page.count; i++)
        seen[page.jobs[i]->seq]++;
    return more;
}

static void read_all(void)
{
    while (read_page())
        ;
}

/* The seqs of one page, as text. */
static const char *next_page(void)
{
    static char text[1024];
    size_t len = 0;
    bool more = listing_read(&listing, &pools, &filter, &page);
    text[0] = '\0';
    for (size_t i = 0; i < page.count; i++)
        len += (size_t)sprintf(text + len, "%ju ", (uintmax_t)page.jobs[i]->seq);
    sprintf(text + len, more ? "..." : ".");
    return text;
}

static void fill(size_t count)
{
    for (size_t i = 0; i < count; i++)
        SUBMIT(.source = (char)('a' + i % 3), .module = (int)(i % 2));
}

static uint64_t submit_other(void)
{
    struct job *job = job_new("1", 1, NULL, 0);
    job->asked.module = &modules[2];
    job_set_source(job, &source_of('a')->source);
    dispatcher_submit(&other, job);
    return job->seq;
}

static void cancel(uint64_t seq)
{
    dispatcher_cancel(the_job(seq), false);
}

/* --- the order --- */

START_TEST(test_running_first_then_each_line)
{
    open_listing(2, 1);
    fill(5);
    submit_other();
    fill(1);
    ck_assert_str_eq(next_page(), "1 2 6 3 4 5 7 .");
    ck_assert_str_eq(next_page(), ".");
    close_listing();
}
END_TEST

START_TEST(test_waiting_first)
{
    open_listing(2, 1);
    fill(5);
    listing_begin(&listing, true);
    ck_assert_str_eq(next_page(), "3 4 5 1 2 .");
    close_listing();
}
END_TEST

START_TEST(test_pages)
{
    open_listing(2, 1);
    fill(7);
    page.limit = 3;
    ck_assert_str_eq(next_page(), "1 2 3 ...");
    ck_assert_str_eq(next_page(), "4 5 6 ...");
    ck_assert_str_eq(next_page(), "7 .");
    close_listing();
}
END_TEST

START_TEST(test_running_jobs_in_pages)
{
    open_listing(5, 1);
    fill(5);
    page.limit = 2;
    ck_assert_str_eq(next_page(), "1 2 ...");
    finishes(3, (struct worker_answer){.type = JOB_DONE});
    ck_assert_str_eq(next_page(), "3 4 ...");
    ck_assert_str_eq(next_page(), "5 .");
    close_listing();
}
END_TEST

/* Prefetched ones are waiting jobs, in their places. */
START_TEST(test_prefetched)
{
    open_listing(1, 4);
    fill(9);
    done(1);
    ck_assert_uint_gt(d.line.prefetched_count, 0);
    read_all();
    for (uint64_t seq = 2; seq <= 9; seq++)
        ck_assert_uint_eq(seen[seq], 1);
    ck_assert_uint_eq(seen[1], 0);
    close_listing();
}
END_TEST

/* --- filters --- */

static const char *filtered(struct listing_filter wanted)
{
    filter = wanted;
    listing_begin(&listing, false);
    return next_page();
}

START_TEST(test_filters)
{
    open_listing(2, 1);
    fill(6); /* sources a, b, c; modules 0, 1 */
    submit_other();
    cancel(2); /* running: it is being stopped */
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_WAITING}), "7 3 4 5 6 .");
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_RUNNING}), "1 .");
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_STOPPING}), "2 .");
    ck_assert_str_eq(
        filtered((struct listing_filter){.states = LISTING_ALL, .module = modules[1].name}),
        "2 4 6 .");
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_ALL, .pool = "aside"}),
                     "7 .");
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_ALL, .pool = "none"}), ".");
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_ALL, .last_seq = 4}),
                     "1 2 3 4 .");
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_ALL, .owner = "x"}), ".");
    source_of('b')->source.number = 17;
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_ALL, .client = 17}),
                     "2 5 .");
    ck_assert_str_eq(filtered((struct listing_filter){.states = LISTING_ALL, .client = 18}), ".");
    close_listing();
}
END_TEST

/* --- jobs come and go --- */

/* The place's own job goes, and those before and behind it. */
START_TEST(test_the_last_seen_job_goes)
{
    open_listing(1, 1);
    fill(9);
    page.limit = 4;
    ck_assert_str_eq(next_page(), "1 2 3 4 ...");
    cancel(4);
    cancel(5);
    cancel(3);
    cancel(2);
    ck_assert_str_eq(next_page(), "6 7 8 9 ...");
    cancel(9);
    ck_assert_uint_eq(SUBMIT(.source = 'a'), 10);
    ck_assert_str_eq(next_page(), "10 .");
    close_listing();
}
END_TEST

START_TEST(test_everything_goes)
{
    open_listing(1, 1);
    fill(9);
    page.limit = 4;
    next_page();
    for (uint64_t seq = 9; seq > 1; seq--)
        cancel(seq);
    ck_assert_str_eq(next_page(), ".");
    close_listing();
}
END_TEST

/* A held client's jobs are passed by others, and keep their places in the listing. */
START_TEST(test_passed_jobs)
{
    open_listing(1, 1);
    SUBMIT(.source = 'c');
    for (int i = 0; i < 6; i++)
        SUBMIT(.source = i % 2 ? 'b' : 'a');
    page.limit = 3;
    ck_assert_str_eq(next_page(), "1 2 3 ...");
    dispatcher_source_unread(&shared, &source_of('a')->source, UNREAD_MAX + 1);
    done(1); /* 2 is passed, 3 runs */
    done(1); /* 4 is passed, 5 runs */
    ck_assert_int_eq(the_job(2)->run.place, JOB_PASSED);
    ck_assert_int_eq(the_job(4)->run.place, JOB_PASSED);
    ck_assert_uint_eq(d.line.queue.passed_count, 2);
    ck_assert_str_eq(next_page(), "4 6 7 ...");
    cancel(4);
    cancel(2);
    ck_assert_str_eq(next_page(), ".");
    dispatcher_source_unread(&shared, &source_of('a')->source, 0);
    close_listing();
}
END_TEST

/* No more than LISTING_LOOKS jobs in a call, wanted or not. */
START_TEST(test_looks_are_bounded)
{
    size_t calls = 0;
    open_listing(1, 1);
    silent = true;
    fill(MANY - 1);
    filter.owner = "nobody";
    bool more = true;
    while (more) {
        more = read_page();
        ck_assert_uint_le(page.looks, LISTING_LOOKS);
        ck_assert_uint_eq(page.count, 0);
        calls++;
    }
    ck_assert_uint_eq(calls, MANY / LISTING_LOOKS);
    close_listing();
}
END_TEST

/* Running jobs are gathered whole: those of two pools may be too many for one call. */
START_TEST(test_looks_at_running_jobs_are_bounded)
{
    size_t met = 0;
    bool more = true;
    open_listing(POOL_WORKERS_MAX - 10, 1);
    silent = true;
    fill(POOL_WORKERS_MAX - 10);
    for (int i = 0; i < 20; i++)
        submit_other();
    while (more) {
        more = read_page();
        ck_assert_uint_le(page.looks, LISTING_LOOKS);
        met += page.count;
    }
    ck_assert_uint_eq(met, POOL_WORKERS_MAX + 10);
    close_listing();
}
END_TEST

/* The pool at hand is gone: the listing goes on with the next one. */
START_TEST(test_a_pool_is_gone)
{
    open_listing(1, 1);
    submit_other();
    submit_other();
    fill(3);
    page.limit = 2;
    ck_assert_str_eq(next_page(), "3 1 ...");
    cancel(1);
    cancel(2);
    LIST_REMOVE(&other, link);
    dispatcher_free(&other);
    ck_assert_ptr_null(listing.cursor.queue);
    ck_assert_str_eq(next_page(), "4 5 ...");
    ck_assert_str_eq(next_page(), ".");
    listing_end(&listing);
    LIST_REMOVE(&d, link);
}
END_TEST

/* --- anything, at random --- */

static bool waits[MANY + 1]; /* since the beginning of the listing */

static void note_waiting(void)
{
    for (uint64_t seq = 1; seq <= shared.last_seq; seq++) {
        const struct job *job = dispatcher_find(&shared, seq);
        waits[seq] = job && job->state == JOB_WAITING;
    }
}

static void change_something(void)
{
    uint64_t seq = 1 + chance_below(&chance, shared.last_seq);
    uint32_t id = 1 + (uint32_t)chance_below(&chance, 2);
    struct job *job = dispatcher_find(&shared, seq);
    struct job_source *source = &source_of((char)('a' + chance_below(&chance, 3)))->source;
    switch (chance_below(&chance, 6)) {
    case 0:
        if (job)
            dispatcher_cancel(job, false);
        break;
    case 1:
        dispatcher_source_unread(&shared, source, chance_percent(&chance, 40) ? UNREAD_MAX + 1 : 0);
        break;
    case 2:
        dispatcher_pause(&d);
        dispatcher_resume(&d);
        break;
    case 3:
        if (shared.last_seq < MANY)
            fill(1);
        break;
    default:
        if (handed_in(the_worker(id)->ops_data, BEGUN))
            done(id);
        break;
    }
}

START_TEST(test_walk)
{
    chance_init(&chance, "listing");
    open_listing(2, 8);
    silent = true;
    for (int round = 0; round < 100; round++) {
        fill(shared.last_seq + 60 < MANY ? 60 : 0);
        listing_begin(&listing, false);
        memset(seen, 0, sizeof seen);
        note_waiting();
        page.limit = 1 + chance_below(&chance, 20);
        while (read_page())
            for (int n = 0; n < 5; n++)
                change_something();
        for (uint64_t seq = 1; seq <= shared.last_seq; seq++) {
            const struct job *job = dispatcher_find(&shared, seq);
            if (waits[seq] && job && job->state == JOB_WAITING)
                ck_assert_msg(seen[seq] >= 1, "job %ju was not met", (uintmax_t)seq);
            ck_assert_uint_le(seen[seq], 2);
        }
    }
    for (char name = 'a'; name <= 'c'; name++)
        dispatcher_source_unread(&shared, &source_of(name)->source, 0);
    close_listing();
}
END_TEST

/* --- positions --- */

START_TEST(test_position)
{
    open_listing(1, 1);
    fill(6);
    for (uint64_t seq = 2; seq <= 6; seq++)
        ck_assert_uint_eq(dispatcher_position(the_job(seq)), seq - 2);
    cancel(3);
    ck_assert_uint_eq(dispatcher_position(the_job(6)), 3); /* 4, of which one has left; 4 wait */
    cancel(2);
    ck_assert_uint_eq(dispatcher_position(the_job(6)), 2);
    close_listing();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listing");
    TCase *tc = recorder_case(suite, "listing");
    tcase_add_test(tc, test_running_first_then_each_line);
    tcase_add_test(tc, test_waiting_first);
    tcase_add_test(tc, test_pages);
    tcase_add_test(tc, test_running_jobs_in_pages);
    tcase_add_test(tc, test_prefetched);
    tcase_add_test(tc, test_filters);
    tcase_add_test(tc, test_the_last_seen_job_goes);
    tcase_add_test(tc, test_everything_goes);
    tcase_add_test(tc, test_passed_jobs);
    tcase_add_test(tc, test_looks_are_bounded);
    tcase_add_test(tc, test_looks_at_running_jobs_are_bounded);
    tcase_add_test(tc, test_a_pool_is_gone);
    tcase_add_test(tc, test_walk);
    tcase_add_test(tc, test_position);
    return run_suite(suite);
}
