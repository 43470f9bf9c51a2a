/* test_crash: the details of a crash stay JSON, and within payload-max. */
#include "workers/crash.h"

#include "tests/unit/support.h"
#include "workers/workers.h"

#include <jansson.h>
#include <signal.h>

static struct payload_budget budget = {.max = UINT64_MAX};
static struct timers timers;
static struct conn_loop loop = {.output = &budget, .timers = &timers};
static struct workers workers = {.loop = &loop};
static struct module_entry module = {.name = "crash"};
static struct worker worker;
static struct worker_link link_to_worker;
static struct worker_exit end_of_worker;
static char output[OUTPUT_LINE_MAX + OUTPUT_TAIL_MAX];
static struct post_mortem crash;

static void set_up(void)
{
    crash.exists = false;
    worker = (struct worker){.id = 3, .pid = 77, .job = job_new("1", 1, NULL, 0)};
    worker.job->asked.module = &module;
    worker.job->asked.payload_max = 100000;
    worker.job->seq = 5;
    link_to_worker = (struct worker_link){.worker = &worker, .workers = &workers};
    link_to_worker.output =
        (struct worker_output){.worker = &worker, .line = output, .tail_job = 5};
    end_of_worker = (struct worker_exit){.why = "it was ended by SIGSEGV", .signal = SIGSEGV};
}

static void tear_down(void)
{
    job_free(worker.job);
    ck_assert_uint_eq(budget.held, 0);
}

/* The worker has printed `text`, again and again: `len` bytes. */
static void print(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        output[OUTPUT_LINE_MAX + i] = text[i % strlen(text)];
    link_to_worker.output.tail_len = len;
}

/* The details as JSON; they are within payload-max. */
static json_t *details(void)
{
    char text[100000];
    struct payload *payload = worker_crash_details(&link_to_worker, &end_of_worker, &crash);
    ck_assert_ptr_nonnull(payload);
    size_t len = payload_copy(payload, 0, text, sizeof text);
    ck_assert_uint_le(len, worker.job->asked.payload_max);
    payload_unref(payload);
    json_t *json = json_loadb(text, len, 0, NULL);
    ck_assert_msg(json != NULL, "%.*s", (int)len, text);
    return json;
}

static void assert_text(json_t *json, const char *key, const char *value)
{
    ck_assert_str_eq(json_string_value(json_object_get(json, key)), value);
}

START_TEST(test_fields)
{
    print("no\n", 3);
    json_t *json = details();
    ck_assert_int_eq(json_integer_value(json_object_get(json, "worker")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "pid")), 77);
    assert_text(json, "module", "crash");
    assert_text(json, "why", "it was ended by SIGSEGV");
    assert_text(json, "output", "no\n");
    assert_text(json, "signal", "SIGSEGV");
    ck_assert_ptr_null(json_object_get(json, "exit_status"));
    json_decref(json);
    end_of_worker = (struct worker_exit){.why = "", .exited = true, .exit_status = 0};
    json = details();
    ck_assert_int_eq(json_integer_value(json_object_get(json, "exit_status")), 0);
    ck_assert_ptr_null(json_object_get(json, "signal"));
    json_decref(json);
}
END_TEST

/* A worker can print any bytes. */
START_TEST(test_output_without_utf8)
{
    print("a\xff z", 4);
    json_t *json = details();
    assert_text(json, "output", "a? z");
    json_decref(json);
}
END_TEST

/* The beginning of the output is left out, in whole characters, however long they get in JSON. */
START_TEST(test_limit)
{
    static const char *const texts[] = {"x", "\x01", "\xc3\xa9", "\xe2\x82\xac\"\\", "\xff"};
    const char *text = texts[_i];
    worker.job->asked.payload_max = 1024;
    print(text, OUTPUT_TAIL_MAX / strlen(text) * strlen(text));
    json_t *json = details();
    const char *left = json_string_value(json_object_get(json, "output"));
    ck_assert_uint_gt(strlen(left), 100);
    ck_assert(*text == '\xff' ? *left == '?' : !strchr(left, '?'));
    json_decref(json);
}
END_TEST

/* --- with a post-mortem --- */

static void set_crash(uint32_t frames)
{
    crash = (struct post_mortem){
        .exists = true,
        .fingerprint = 0x5d1c9a02,
        .module = "crash",
        .record = {.signal = SIGSEGV, .code = SEGV_MAPERR, .thread = "main", .object_count = 1}};
    strcpy(crash.record.objects[0].path, "/modules/crash.so");
    crash.record.frame_count = frames;
    for (uint32_t i = 0; i < frames; i++)
        crash.record.frames[i] = (struct crash_frame){.offset = 0x1000 + i, .object = 0};
}

/* The outermost frames go first; the output stays whole. */
START_TEST(test_frames_cut)
{
    size_t last = CRASH_FRAMES_MAX;
    print("output ", 280);
    set_crash(CRASH_FRAMES_MAX);
    for (size_t max = 8192; max >= 1024; max -= 512) {
        worker.job->asked.payload_max = (uint32_t)max;
        json_t *json = details(), *told = json_object_get(json, "crash");
        size_t count = json_array_size(json_object_get(told, "backtrace"));
        ck_assert_uint_le(count, last);
        assert_text(json_array_get(json_object_get(told, "backtrace"), 0), "offset", "0x1000");
        ck_assert_uint_eq(json_string_length(json_object_get(json, "output")), 280);
        assert_text(told, "fingerprint", "5d1c9a02");
        last = count;
        json_decref(json);
    }
    ck_assert_uint_lt(last, CRASH_FRAMES_MAX);
}
END_TEST

START_TEST(test_frames_and_output_cut)
{
    worker.job->asked.payload_max = 1024;
    print("\x01", OUTPUT_TAIL_MAX);
    set_crash(CRASH_FRAMES_MAX);
    json_t *json = details(), *told = json_object_get(json, "crash");
    ck_assert_uint_eq(json_array_size(json_object_get(told, "backtrace")), 0);
    ck_assert_uint_gt(json_string_length(json_object_get(json, "output")), 50);
    json_decref(json);
}
END_TEST

START_TEST(test_note)
{
    timers_init(&timers, 1000);
    crashes_init(&workers.crashes);
    worker_crash_note(&workers, &crash);
    set_crash(2);
    strcpy(crash.module, "-");
    worker_crash_note(&workers, &crash);
    ck_assert_uint_eq(workers.crashes.count, 0);
    strcpy(crash.module, "crash");
    crash.job = 5;
    worker_crash_note(&workers, &crash);
    const struct crash_entry *entry = TAILQ_FIRST(&workers.crashes.list);
    ck_assert_ptr_nonnull(entry);
    ck_assert_str_eq(entry->module, "crash");
    ck_assert_uint_eq(entry->fingerprint, 0x5d1c9a02);
    ck_assert_uint_eq(entry->last_job, 5);
    ck_assert_int_eq(entry->signal, SIGSEGV);
    ck_assert_ptr_nonnull(strstr(entry->text, "\"offset\":\"0x1001\""));
    crashes_free(&workers.crashes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crash");
    TCase *tc = tcase_create("details");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_fields);
    tcase_add_test(tc, test_output_without_utf8);
    tcase_add_loop_test(tc, test_limit, 0, 5);
    tcase_add_test(tc, test_frames_cut);
    tcase_add_test(tc, test_frames_and_output_cut);
    tcase_add_test(tc, test_note);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
