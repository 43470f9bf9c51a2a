/* test_job_report: jobs as JSON, and their states in words. */
#include "queue/clients/job_report.h"

#include "tests/unit/support.h"

#include <stdlib.h>

enum { NOW = 100000 };

static struct stored_job *make(void)
{
    struct stored_job *stored = stored_job_new(&(struct stored_wish){
        .module = "echo",
        .owner = "",
        .id = "\"a1\"",
        .priority = 5,
        .retries = 2,
        .submitted_ms = NOW - 7000,
    });
    stored->seq = 17;
    stored->input.size = 3;
    return stored;
}

static void check(const struct stored_job *stored, enum queue_state_word state, const char *text)
{
    struct json_writer json;
    json_writer_open(&json);
    queue_job_report_write(&json, stored, state, NOW);
    char *found = json_writer_close(&json);
    ck_assert_str_eq(found, text);
    free(found);
}

START_TEST(test_a_waiting_job)
{
    struct stored_job *stored = make();
    check(stored, STATE_WAITING,
          "{\"job\":\"q17\",\"id\":\"a1\",\"module\":\"echo\",\"state\":\"waiting\",\"attempt\":0,"
          "\"failures\":0,\"losses\":0,\"age_ms\":7000,\"delay_ms\":null,\"expires_ms\":null,"
          "\"owner\":null,\"key\":null,\"detached\":false,\"priority\":5,\"retries\":2,"
          "\"limits\":{\"timeout_ms\":null,\"soft_timeout_ms\":null,\"max_wait_ms\":null},"
          "\"size\":3,\"outcome\":null}");
    stored_job_free(stored);
}
END_TEST

/* A time that has passed shows as 0. */
START_TEST(test_a_delayed_job)
{
    struct stored_job *stored = stored_job_new(&(struct stored_wish){
        .module = "m",
        .owner = "web",
        .id = "7",
        .key = "k\"1",
        .is_detached = true,
        .timeout_ms = 1,
        .soft_timeout_ms = 2,
        .max_wait_ms = 3,
        .submitted_ms = NOW + 1,
    });
    stored->seq = 1;
    stored->run.due_ms = NOW + 500;
    stored->run.expires_ms = NOW - 1;
    stored->run.attempt = 4;
    check(stored, STATE_DELAYED,
          "{\"job\":\"q1\",\"id\":7,\"module\":\"m\",\"state\":\"delayed\",\"attempt\":4,"
          "\"failures\":0,\"losses\":0,\"age_ms\":0,\"delay_ms\":500,\"expires_ms\":0,"
          "\"owner\":\"web\",\"key\":\"k\\\"1\",\"detached\":true,\"priority\":0,\"retries\":0,"
          "\"limits\":{\"timeout_ms\":1,\"soft_timeout_ms\":2,\"max_wait_ms\":3},"
          "\"size\":0,\"outcome\":null}");
    stored_job_free(stored);
}
END_TEST

START_TEST(test_a_failed_job)
{
    struct stored_job *stored = make();
    stored_job_set_outcome(
        stored,
        &(struct stored_outcome){.reason = "timeout", .ended_ms = NOW - 10, .over_ms = NOW + 90});
    stored->run.expires_ms = NOW + 1;
    stored->result.size = 9;
    check(stored, STATE_FAILED,
          "{\"job\":\"q17\",\"id\":\"a1\",\"module\":\"echo\",\"state\":\"failed\",\"attempt\":0,"
          "\"failures\":0,\"losses\":0,\"age_ms\":7000,\"delay_ms\":null,\"expires_ms\":null,"
          "\"owner\":null,\"key\":null,\"detached\":false,\"priority\":5,\"retries\":2,"
          "\"limits\":{\"timeout_ms\":null,\"soft_timeout_ms\":null,\"max_wait_ms\":null},"
          "\"size\":3,\"outcome\":{\"reason\":\"timeout\",\"age_ms\":10,\"kept_ms\":90,"
          "\"size\":9}}");
    stored_job_free(stored);
}
END_TEST

START_TEST(test_states)
{
    struct stored_job *stored = make();
    ck_assert_int_eq(queue_state_of(KEPT_NEW, stored), STATE_WAITING);
    ck_assert_int_eq(queue_state_of(KEPT_WAITING, stored), STATE_WAITING);
    ck_assert_int_eq(queue_state_of(KEPT_DELAYED, stored), STATE_DELAYED);
    ck_assert_int_eq(queue_state_of(KEPT_HANDED, stored), STATE_HANDED);
    ck_assert_int_eq(queue_state_of(KEPT_RUNNING, stored), STATE_RUNNING);
    ck_assert_int_eq(queue_state_of(KEPT_ENDED, stored), STATE_FAILED);
    stored->outcome.is_done = true;
    ck_assert_int_eq(queue_state_of(KEPT_ENDED, stored), STATE_DONE);
    stored->run.is_cancelled = true;
    ck_assert_int_eq(queue_state_of(KEPT_HANDED, stored), STATE_STOPPING);
    ck_assert_int_eq(queue_state_of(KEPT_RUNNING, stored), STATE_STOPPING);
    ck_assert_int_eq(queue_state_of(KEPT_WAITING, stored), STATE_WAITING);
    stored->run.state = STORED_HANDED;
    ck_assert_int_eq(queue_state_of_stored(stored), STATE_STOPPING);
    stored_job_free(stored);
}
END_TEST

/* Of a job at another node the store's state is known, and not whether the job runs. */
START_TEST(test_states_elsewhere)
{
    static const struct {
        uint8_t state;
        bool is_cancelled, is_done;
        enum queue_state_word word;
    } rows[] = {
        {STORED_WAITING, true, false, STATE_WAITING}, {STORED_DELAYED, false, false, STATE_DELAYED},
        {STORED_HANDED, false, false, STATE_RUNNING}, {STORED_HANDED, true, false, STATE_STOPPING},
        {STORED_ENDED, false, true, STATE_DONE},      {STORED_ENDED, true, false, STATE_FAILED},
    };
    struct stored_job *stored = make();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        stored->run.state = rows[i].state;
        stored->run.is_cancelled = rows[i].is_cancelled;
        stored->outcome.is_done = rows[i].is_done;
        ck_assert_int_eq(queue_state_of(KEPT_ELSEWHERE, stored), rows[i].word);
        ck_assert_int_eq(queue_state_of_stored(stored), rows[i].word);
    }
    stored_job_free(stored);
}
END_TEST

/* Every word has its states in the store, and a word of the store's state is among them. */
START_TEST(test_words_and_the_store)
{
    struct stored_job *stored = make();
    for (int state = 0; state < STORED_STATES; state++) {
        stored->run.state = (uint8_t)state;
        enum queue_state_word word = queue_state_of_stored(stored);
        ck_assert_ptr_nonnull(queue_state_words[word]);
        ck_assert(queue_state_stored(word) & 1u << state);
    }
    ck_assert_ptr_null(queue_state_words[STATE_FAILED + 1]);
    stored_job_free(stored);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("job_report");
    TCase *tc = tcase_create("job_report");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_a_waiting_job);
    tcase_add_test(tc, test_a_delayed_job);
    tcase_add_test(tc, test_a_failed_job);
    tcase_add_test(tc, test_states);
    tcase_add_test(tc, test_states_elsewhere);
    tcase_add_test(tc, test_words_and_the_store);
    return run_suite(suite);
}
