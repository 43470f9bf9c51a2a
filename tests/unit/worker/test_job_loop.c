/* How the worker program takes and answers jobs. */
#include "common/xmalloc.h"
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

START_TEST(payloads_of_any_size_come_back)
{
    static const size_t sizes[] = {0, 1, 65399, 65400, 65536, 131071, 131072, 1000003, PAYLOAD_MAX};

    start_worker();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *payload = xmalloc(sizes[i] + 1);
        for (size_t at = 0; at < sizes[i]; at++)
            payload[at] = (char)(at * 31 + at / 251);
        fake_master_run(&master, i + 1, "echo", payload, sizes[i]);
        const struct answer *answer = fake_master_answer(&master);
        ck_assert_uint_eq(answer->head.type, WIRE_DONE);
        ck_assert_uint_eq(answer->head.job, i + 1);
        ck_assert_uint_eq(answer->head.size, sizes[i]);
        ck_assert(memcmp(answer->payload, payload, sizes[i]) == 0);
        free(payload);
    }
    fake_master_finish(&master);
}
END_TEST

/* Checks the results in slots, from job `next` on. Returns the first job without a result in its
 * slot. */
static uint64_t results_in_slots(uint64_t next, uint64_t last)
{
    struct worker_shared *shared = (struct worker_shared *)master.page;

    for (; next <= last; next++) {
        size_t slot = next % WORKER_CLAIMS;
        char number[4] = {0};
        if (__atomic_load_n(&shared->claims[slot], __ATOMIC_ACQUIRE) !=
            claim_word(next, CLAIM_ANSWERED))
            break;
        ck_assert_uint_eq(shared->results[slot].size, 3);
        memcpy(number, shared->results[slot].data, 3);
        ck_assert_int_eq(atoi(number), (int)next);
    }
    return next;
}

START_TEST(jobs_that_arrive_together_are_answered_in_order)
{
    enum { JOBS = WORKER_CLAIMS };
    char *batch = xmalloc(JOBS * (sizeof(struct wire_head) + 3));
    size_t len = 0;

    start_worker();
    for (uint64_t i = 1; i <= JOBS; i++) {
        struct wire_head head = make_run(i, "echo", 3);
        char payload[4];
        snprintf(payload, sizeof(payload), "%03d", (int)i);
        memcpy(batch + len, &head, sizeof(head));
        memcpy(batch + len + sizeof(head), payload, 3);
        len += sizeof(head) + 3;
    }
    fake_master_send(&master, batch, len);
    uint64_t next = 1;
    while ((next = results_in_slots(next, JOBS)) <= JOBS) {
        const struct answer *answer = fake_master_answer(&master);
        next = results_in_slots(next, JOBS); /* results in slots are older than the message */
        if (answer->head.type == WIRE_ANSWERED)
            continue;
        ck_assert_uint_eq(answer->head.job, next);
        ck_assert_int_eq(atoi(answer->payload), (int)next);
        next++;
    }
    free(batch);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_job_that_arrives_byte_by_byte_is_whole)
{
    struct wire_head head = make_run(1, "echo", 5);

    start_worker();
    for (size_t i = 0; i < sizeof(head); i++)
        fake_master_send(&master, (char *)&head + i, 1);
    for (size_t i = 0; i < 5; i++)
        fake_master_send(&master, &"hello"[i], 1);
    assert_done(fake_master_answer(&master), "hello");
    fake_master_finish(&master);
}
END_TEST

static uint64_t pinged_us(void)
{
    return __atomic_load_n(&((struct worker_shared *)master.page)->pinged_us, __ATOMIC_ACQUIRE);
}

static void ping(enum wire_ping kind)
{
    const struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_PING, .kind = kind};

    fake_master_send(&master, &head, sizeof(head));
}

/* The time is in the page. Only the second kind is answered. */
START_TEST(a_ping_is_noted)
{
    start_worker();
    ck_assert_uint_eq(pinged_us(), 0);
    ping(WIRE_PING_NOTE);
    assert_done(fake_master_ask(&master, "echo", "x"), "x");
    uint64_t first = pinged_us();
    ck_assert_uint_gt(first, 0);
    ping(WIRE_PING_NOTE);
    ping(WIRE_PING_SAY);
    ck_assert_uint_eq(fake_master_answer(&master)->head.type, WIRE_PONG);
    ck_assert_uint_gt(pinged_us(), first);
    assert_done(fake_master_ask(&master, "echo", "y"), "y");
    fake_master_finish(&master);
}
END_TEST

/* Jobs and pings in one read: no result is left untold in its slot. */
START_TEST(a_ping_behind_jobs)
{
    struct wire_head batch[] = {
        make_run(1, "echo", 0),
        {.magic = WIRE_MAGIC, .type = WIRE_PING, .kind = WIRE_PING_SAY},
    };
    bool told = false;

    start_worker();
    fake_master_send(&master, batch, sizeof(batch));
    for (int i = 0; i < 2; i++) {
        uint32_t type = fake_master_answer(&master)->head.type;
        told |= type == WIRE_DONE || type == WIRE_ANSWERED;
    }
    ck_assert(told);
    fake_master_finish(&master);
}
END_TEST

/* Before the claim, and of jobs with a limit alone. */
START_TEST(the_beginning_of_a_limit_is_noted)
{
    struct worker_shared *shared;
    struct wire_head head;

    start_worker();
    shared = (struct worker_shared *)master.page;
    assert_done(fake_master_ask(&master, "echo", "x"), "x");
    ck_assert_uint_eq(shared->begun_us, 0);
    head = make_run(77, "echo", 1);
    head.time_us = 60000000;
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, "y", 1);
    assert_done(fake_master_answer(&master), "y");
    ck_assert_uint_gt(shared->begun_us, 0);
    fake_master_finish(&master);
}
END_TEST

static void send_with_origin(uint64_t job, const char *id, uint32_t attempt)
{
    struct wire_head head = make_run(job, "probe", 6);
    struct wire_origin origin = {.attempt = attempt};

    snprintf(origin.id, sizeof(origin.id), "%s", id);
    head.text_len = sizeof(origin);
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, &origin, sizeof(origin));
    fake_master_send(&master, "origin", 6);
}

/* And a job without one behind it has none. */
START_TEST(a_module_sees_its_origin)
{
    start_with_test_modules("");
    send_with_origin(23, "q-17", 3);
    assert_done(fake_master_answer(&master), "q-17 3");
    assert_done(fake_master_ask(&master, "probe", "origin"), "k3f9-101 1");
    send_with_origin(24, "", 1000000);
    assert_done(fake_master_answer(&master), "k3f9-24 1000000");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_module_sees_its_job)
{
    start_with_test_modules("config:probe={\"depth\":[3]}\n");
    struct wire_head head = make_run(23, "probe", 2);
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, "id", 2);
    assert_done(fake_master_answer(&master), "k3f9-23");
    assert_done(fake_master_ask(&master, "probe", "config"), "{\"depth\":[3]}");
    assert_done(fake_master_ask(&master, "probe", "time"), "-1");
    head = make_run(24, "probe", 4);
    head.time_us = 60000000;
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, "time", 4);
    long left_ms = atol(fake_master_answer(&master)->payload);
    ck_assert_int_gt(left_ms, 30000);
    ck_assert_int_le(left_ms, 60000);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_reclaimed_job_is_skipped)
{
    start_with_test_modules("");
    struct wire_head reclaimed = make_run(31, "probe", 2), next = make_run(32, "probe", 2);
    ck_assert(claim_settle(&((struct worker_shared *)master.page)->claims[reclaimed.slot], 31,
                           CLAIM_RECLAIMED));
    fake_master_send(&master, &reclaimed, sizeof(reclaimed));
    fake_master_send(&master, "id", 2);
    fake_master_send(&master, &next, sizeof(next));
    fake_master_send(&master, "id", 2);
    assert_done(fake_master_answer(&master), "k3f9-32");
    ck_assert_uint_eq(((struct worker_shared *)master.page)->claims[next.slot],
                      claim_word(32, CLAIM_BEGUN));
    fake_master_finish(&master);
}
END_TEST

START_TEST(what_a_module_says_is_logged_before_the_answer)
{
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "probe", "log"), "");
    fake_master_expect_log(&master, "0000\n"); /* cut at 1024 bytes */
    ck_assert_ptr_nonnull(strstr(master.log, "printed, no newline\n\x1e<6>two\vlines\x1b[31m\n"
                                             "printed last\n\x1e<3>0000"));
    ck_assert_ptr_null(strstr(master.log, "debug"));
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_module_that_cannot_be_had_fails_its_own_job)
{
    start_with_test_modules("");
    const struct answer *answer = fake_master_ask(&master, "no_run", "");
    ck_assert_uint_eq(answer->head.type, WIRE_FAILED);
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(answer->text, "has no run function"));
    answer = fake_master_ask(&master, "missing", "");
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_UNAVAILABLE);
    assert_done(fake_master_ask(&master, "newer", ""), "newer");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_result_too_large_is_no_payload)
{
    char command[64];

    start_worker();
    snprintf(command, sizeof(command), "big %d", PAYLOAD_MAX + 1);
    const struct answer *answer = fake_master_ask(&master, "crash", command);
    ck_assert_uint_eq(answer->head.type, WIRE_FAILED);
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_TOO_LARGE);
    ck_assert_uint_eq(answer->head.size, 0);
    snprintf(command, sizeof(command), "big %d", PAYLOAD_MAX);
    ck_assert_uint_eq(fake_master_ask(&master, "crash", command)->head.size, PAYLOAD_MAX);
    fake_master_finish(&master);
}
END_TEST

static int anonymous_kb(pid_t pid)
{
    char *rollup = read_proc(pid, "smaps_rollup");
    char *anonymous = strstr(rollup, "Anonymous:");
    ck_assert_ptr_nonnull(anonymous);
    int kb = atoi(anonymous + strlen("Anonymous:"));
    free(rollup);
    return kb;
}

/* Waits until the idle worker uses little memory. */
static void expect_little_memory(void)
{
    time_t deadline = time(NULL) + DEADLINE_MS / 1000;

    while (!SANITIZED && anonymous_kb(master.pid) > 1536)
        ck_assert_int_lt(time(NULL), deadline);
}

START_TEST(an_idle_worker_gives_memory_back)
{
    char command[64];

    start_worker();
    snprintf(command, sizeof(command), "big %d", PAYLOAD_MAX);
    fake_master_ask(&master, "crash", command);
    expect_little_memory();
    assert_done(fake_master_ask(&master, "echo", "again"), "again");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_large_reclaimed_job_leaves_no_memory)
{
    struct worker_shared *shared;

    start_worker();
    shared = (struct worker_shared *)master.page;
    struct wire_head reclaimed = make_run(31, "echo", PAYLOAD_MAX);
    char *payload = xcalloc(1, PAYLOAD_MAX);
    ck_assert(claim_settle(&shared->claims[reclaimed.slot], 31, CLAIM_RECLAIMED));
    fake_master_send(&master, &reclaimed, sizeof(reclaimed));
    fake_master_send(&master, payload, PAYLOAD_MAX);
    free(payload);
    expect_little_memory();
    assert_done(fake_master_ask(&master, "echo", "again"), "again");
    fake_master_finish(&master);
}
END_TEST

START_TEST(the_stop_flag_reaches_the_module)
{
    start_worker();
    fake_master_run(&master, 1, "crash", "stop-done", strlen("stop-done"));
    fake_master_stop(&master, 1);
    assert_done(fake_master_answer(&master), "late");
    fake_master_run(&master, 2, "crash", "stop-fail", strlen("stop-fail"));
    fake_master_stop(&master, 2);
    ck_assert_str_eq(fake_master_answer(&master)->head.name, "stopped");
    assert_done(fake_master_ask(&master, "echo", "next"), "next"); /* a flag stops one job only */
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_changed_signal_mask_does_not_outlast_its_job)
{
    start_worker();
    assert_done(fake_master_ask(&master, "crash", "mask"), "");
    char *status = read_proc(master.pid, "status");
    ck_assert_ptr_nonnull(strstr(status, "SigBlk:\t0000000000000000"));
    free(status);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_flood_on_stdout_reaches_the_log)
{
    start_worker();
    assert_done(fake_master_ask(&master, "crash", "flood 1000000"), "");
    shutdown(master.socket, SHUT_WR);
    ck_assert_int_eq(fake_master_wait(&master), 0);
    ck_assert_uint_eq(master.log_len, 1000000);
    fake_master_free(&master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker job loop");
    TCase *tc = tcase_create("job_loop");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_test(tc, payloads_of_any_size_come_back);
    tcase_add_test(tc, jobs_that_arrive_together_are_answered_in_order);
    tcase_add_test(tc, a_job_that_arrives_byte_by_byte_is_whole);
    tcase_add_test(tc, a_ping_is_noted);
    tcase_add_test(tc, a_ping_behind_jobs);
    tcase_add_test(tc, the_beginning_of_a_limit_is_noted);
    tcase_add_test(tc, a_module_sees_its_job);
    tcase_add_test(tc, a_module_sees_its_origin);
    tcase_add_test(tc, a_reclaimed_job_is_skipped);
    tcase_add_test(tc, what_a_module_says_is_logged_before_the_answer);
    tcase_add_test(tc, a_module_that_cannot_be_had_fails_its_own_job);
    tcase_add_test(tc, a_result_too_large_is_no_payload);
    tcase_add_test(tc, an_idle_worker_gives_memory_back);
    tcase_add_test(tc, a_large_reclaimed_job_leaves_no_memory);
    tcase_add_test(tc, the_stop_flag_reaches_the_module);
    tcase_add_test(tc, a_changed_signal_mask_does_not_outlast_its_job);
    tcase_add_test(tc, a_flood_on_stdout_reaches_the_log);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
