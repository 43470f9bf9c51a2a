/*
 * test_stream: parts of running jobs: what may wait, who goes on, and when parts are dropped.
 *
 * The bounds are 48 KiB for a job and 256 KiB for a source; each part counts 129 bytes more: its
 * header, and an id of one byte. The source's place is the sum of its parts.
 */
#include "tests/unit/jobs/recorder.h"

enum { KIB = 1024 };

static uint64_t places; /* of source a: the end of its output */

/* The source writes the part behind its output. */
static void put(struct test_source *source, struct job *job, const struct job_event *event)
{
    (void)job;
    if (event->type != JOB_PART)
        return;
    places += event->payload ? event->payload->size : 0;
    source->source.reader->end = places;
}

static struct job_source *reader_source(void)
{
    return &source_of('a')->source;
}

/* The reader has taken all. */
static void takes_all(void)
{
    dispatcher_source_taken(reader_source(), places);
}

/* Idle workers; jobs 1 to `jobs` of source a run in turn on workers 1, 2, ... */
static void open_streams(uint32_t jobs)
{
    places = 0;
    open_idle(jobs, jobs, 10);
    hooks.event = put;
    for (uint32_t i = 0; i < jobs; i++)
        SUBMIT(.parts = true);
    hush_news();
}

/* The worker of the job. */
static struct worker *on(uint64_t job)
{
    return the_job(job)->run.worker;
}

static enum part_verdict announce(uint64_t job, size_t size)
{
    return dispatcher_part_announced(on(job), size);
}

static void arrive(uint64_t job, size_t size)
{
    struct payload *payload = payload_new(&budget, size, size, true);
    payload->have = size; /* nobody looks at its bytes */
    dispatcher_part_arrived(on(job), payload);
    payload_unref(payload);
}

/* The verdict; a taken part arrives at once. */
static enum part_verdict send_part(uint64_t job, size_t size)
{
    enum part_verdict verdict = announce(job, size);
    if (verdict == PART_TAKEN)
        arrive(job, size);
    return verdict;
}

START_TEST(test_parts_are_numbered)
{
    open_streams(1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(send_part(1, 100), PART_TAKEN);
    ck_assert_int_eq(announce(1, 0), PART_TAKEN);
    dispatcher_part_arrived(on(1), NULL);
    ck_told("a1 part 0, a1 part 1, a1 part 2, a1 part 3");
    done(1);
    ck_told("a1 done");
    SUBMIT(.parts = true);
    send_part(2, 100);
    ck_told("give 1 j2, a2 part 0");
}
END_TEST

START_TEST(test_a_job_is_held_at_its_bound)
{
    open_streams(1);
    int count = 0;
    while (send_part(1, KIB) == PART_TAKEN)
        count++;
    ck_assert_int_eq(count, 48 * KIB / (KIB + 129));
    hush_news();
    dispatcher_source_taken(reader_source(), places - 1);
    ck_told(""); /* some of its parts wait */
    takes_all();
    ck_told("parts 1 j1 go on");
    ck_assert_int_eq(send_part(1, KIB), PART_TAKEN);
    takes_all();
    ck_told("a1 part 42");
}
END_TEST

/* One larger part may wait, and nothing beside it. */
START_TEST(test_a_large_part)
{
    open_streams(2);
    ck_assert_int_eq(send_part(1, 16 * KIB * KIB), PART_TAKEN);
    ck_assert_int_eq(send_part(1, 1), PART_HELD);
    ck_assert_int_eq(send_part(2, 1), PART_HELD); /* the source's bound */
    hush_news();
    takes_all();
    ck_told("parts 2 j1 go on, parts 1 j2 go on");
}
END_TEST

/* Six jobs of 42 KiB each fill the source's bound; the next is held, and comes before others. */
START_TEST(test_a_source_is_held_at_its_bound)
{
    open_streams(8);
    for (uint64_t job = 1; job <= 6; job++)
        ck_assert_int_eq(send_part(job, 42 * KIB), PART_TAKEN);
    ck_assert_int_eq(send_part(7, 42 * KIB), PART_HELD);
    ck_assert_int_eq(send_part(8, 1), PART_HELD); /* though it would fit */
    hush_news();
    dispatcher_source_taken(reader_source(), places - 42 * KIB);
    ck_told(""); /* counted in batches */
    takes_all();
    ck_told("parts 2 j7 go on, parts 1 j8 go on");
}
END_TEST

/* A large part waits until nothing else does, and then comes first. */
START_TEST(test_a_large_part_does_not_starve)
{
    open_streams(2);
    ck_assert_int_eq(send_part(1, 10), PART_TAKEN);
    ck_assert_int_eq(send_part(2, KIB * KIB), PART_HELD);
    ck_assert_int_eq(send_part(1, 10), PART_HELD);
    hush_news();
    takes_all();
    ck_told("parts 1 j2 go on");
    ck_assert_int_eq(send_part(2, KIB * KIB), PART_TAKEN);
    ck_assert_int_eq(send_part(1, 10), PART_HELD);
    takes_all();
    ck_told("a2 part 0, parts 2 j1 go on");
}
END_TEST

/* Bytes on their way from a worker count, until they will not come. */
START_TEST(test_an_arriving_part_counts)
{
    open_streams(2);
    ck_assert_int_eq(announce(1, KIB * KIB), PART_TAKEN);
    ck_assert_int_eq(send_part(2, 1), PART_HELD);
    hush_news();
    dispatcher_cancel(the_job(1), false);
    ck_told("flag 2 j1, parts 1 j2 go on, parts 2 j1 unwanted");
}
END_TEST

/* --- nobody wants parts --- */

START_TEST(test_a_stopped_job_has_its_parts_dropped)
{
    open_streams(1);
    ck_assert_int_eq(send_part(1, 60 * KIB), PART_TAKEN);
    ck_assert_int_eq(send_part(1, 1), PART_HELD);
    hush_news();
    dispatcher_cancel(the_job(1), false);
    ck_told("flag 1 j1, parts 1 j1 unwanted");
    ck_assert_int_eq(send_part(1, 1), PART_DROPPED);
    fails(1, "refused");
    ck_told("a1 failed cancelled stop-flag");
}
END_TEST

/* A part on its way is dropped, too. */
START_TEST(test_a_stop_amid_a_part)
{
    open_streams(1);
    ck_assert_int_eq(announce(1, 100), PART_TAKEN);
    dispatcher_cancel(the_job(1), false);
    arrive(1, 100);
    ck_told("flag 1 j1, parts 1 j1 unwanted");
    done(1);
    ck_told("a1 failed cancelled stop-flag");
}
END_TEST

/* The module had sent its last part before it could see the stop. */
START_TEST(test_a_part_dropped_behind_the_module)
{
    open_streams(1);
    send_part(1, 100);
    dispatcher_cancel(the_job(1), false);
    ck_assert_int_eq(send_part(1, 100), PART_DROPPED);
    hush_news();
    done(1);
    ck_told("a1 failed cancelled stop-flag");
}
END_TEST

/* A result after the stop is a result, unless parts before it are missing. */
START_TEST(test_a_result_after_a_stop)
{
    open_streams(1);
    send_part(1, 100);
    dispatcher_cancel(the_job(1), false);
    hush_news();
    finishes(1, (struct worker_answer){.type = JOB_DONE, .partly = _i});
    reads(1);
    ck_told(_i ? "a1 failed cancelled stop-flag" : "a1 done");
}
END_TEST

START_TEST(test_the_source_goes)
{
    open_streams(2);
    send_part(1, 60 * KIB);
    send_part(1, 1);
    hush_news();
    ck_assert(dispatcher_source_gone(&shared, reader_source()));
    ck_told("parts 2 j1 unwanted, parts 1 j2 unwanted, a2 left, a1 left");
    ck_assert_int_eq(send_part(1, 1), PART_DROPPED);
    ck_assert_int_eq(send_part(2, 1), PART_DROPPED);
    done(1);
    done(2);
    ck_assert_uint_eq(shared.counts.orphaned, 2);
}
END_TEST

/* --- a dead worker --- */

START_TEST(test_a_worker_dies_with_a_held_part)
{
    open_streams(1);
    send_part(1, 60 * KIB);
    ck_assert_int_eq(send_part(1, 1), PART_HELD);
    dispatcher_part_lost(on(1));
    ck_assert_int_eq(send_part(1, 1), PART_DROPPED);
    hush_news();
    dispatcher_worker_answered(on(1), &(struct worker_answer){.type = JOB_DONE});
    ck_told(""); /* parts are missing before this result */
    dies(1, SIGKILL);
    ck_told("back 1 j1 no, a1 failed error SIG 9, forget 1, start 2");
}
END_TEST

START_TEST(test_a_worker_dies_amid_a_part)
{
    open_streams(2);
    ck_assert_int_eq(announce(1, KIB * KIB), PART_TAKEN);
    ck_assert_int_eq(send_part(2, 1), PART_HELD);
    hush_news();
    dies(2, SIGKILL);
    ck_told("back 2 j1 no, parts 1 j2 go on, a1 failed error SIG 9, forget 2, start 3");
}
END_TEST

/* --- the reader --- */

/* Jobs without a waiting part are left alone. */
START_TEST(test_the_reader_stalls)
{
    open_streams(3);
    send_part(1, 60 * KIB);
    send_part(2, 60 * KIB);
    send_part(2, 1);
    hush_news();
    dispatcher_source_stalled(&shared, reader_source());
    ck_told("flag 3 j1, parts 3 j1 unwanted, flag 2 j2, parts 2 j2 unwanted");
    ck_assert_int_eq(the_job(1)->by, BY_READER);
    ck_assert_int_eq(the_job(2)->by, BY_READER);
    dispatcher_source_stalled(&shared, reader_source());
    ck_told("");
}
END_TEST

/* A job that is not stopped for it, as its worker is being killed, still waits for the reader. */
START_TEST(test_the_reader_stalls_with_a_killed_worker)
{
    open_streams(2);
    send_part(1, 60 * KIB);
    ck_assert_int_eq(announce(1, 1), PART_HELD);
    send_part(2, 60 * KIB);
    dispatcher_kill_worker(on(1));
    hush_news();
    dispatcher_source_stalled(&shared, reader_source());
    ck_told("flag 1 j2, parts 1 j2 unwanted");
    takes_all();
    ck_told("parts 2 j1 go on");
}
END_TEST

START_TEST(test_no_parts_no_reader)
{
    open_idle(1, 1, 10);
    SUBMIT();
    dispatcher_source_taken(reader_source(), 1);
    dispatcher_source_stalled(&shared, reader_source());
    ck_assert_ptr_null(reader_source()->reader);
    dispatcher_cancel(the_job(1), false);
    ck_told("give 1 j1, flag 1 j1");
}
END_TEST

/* Nothing is prefetched behind a job with parts, and such a job is not prefetched. */
START_TEST(test_prefetch)
{
    open_warm(1, 8);
    uint64_t first = SUBMIT(.parts = _i == 0);
    for (int i = 0; i < 4; i++)
        SUBMIT(.parts = _i == 1);
    turn();
    ck_assert_ptr_eq(the_worker(1)->job, the_job(first));
    ck_assert_uint_eq(the_worker(1)->prefetched_count, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stream");
    TCase *tc = recorder_case(s, "stream");
    tcase_add_test(tc, test_parts_are_numbered);
    tcase_add_test(tc, test_a_job_is_held_at_its_bound);
    tcase_add_test(tc, test_a_large_part);
    tcase_add_test(tc, test_a_source_is_held_at_its_bound);
    tcase_add_test(tc, test_a_large_part_does_not_starve);
    tcase_add_test(tc, test_an_arriving_part_counts);
    tcase_add_test(tc, test_a_stopped_job_has_its_parts_dropped);
    tcase_add_test(tc, test_a_stop_amid_a_part);
    tcase_add_test(tc, test_a_part_dropped_behind_the_module);
    tcase_add_loop_test(tc, test_a_result_after_a_stop, 0, 2);
    tcase_add_test(tc, test_the_source_goes);
    tcase_add_test(tc, test_a_worker_dies_with_a_held_part);
    tcase_add_test(tc, test_a_worker_dies_amid_a_part);
    tcase_add_test(tc, test_the_reader_stalls);
    tcase_add_test(tc, test_the_reader_stalls_with_a_killed_worker);
    tcase_add_test(tc, test_no_parts_no_reader);
    tcase_add_loop_test(tc, test_prefetch, 0, 2);
    return run_suite(s);
}
