/* test_refusal: no error looks like the end of an unfinished job. */
#include "clients/refusal.h"

#include "clients/job_ids.h"
#include "clients/session.h"
#include "peers/peers_internal.h"
#include "tests/unit/clients/clients_world.h"

static struct client_session *session;
static struct job *job;
static struct refusal refusal;

/* The session has the unfinished job "a". */
static void setup(void)
{
    open_world(1, NULL);
    session = client_session_of(peer_new(&clients.peers, "nowhere"));
    peer_begin(&session->peer);
    job = job_new("\"a\"", 3, "[1]", 3);
    ck_assert(client_job_ids_add(session, job));
    job_set_source(job, &session->source);
    client_refusal_init_job(&refusal, job, "bad-request", "something is wrong");
}

START_TEST(test_a_refusal_has_the_fields_of_the_submit)
{
    ck_assert_str_eq(refusal.op, "\"submit\"");
    ck_assert_str_eq(refusal.id, "\"a\"");
    ck_assert_uint_eq(refusal.context_len, 3);
    ck_assert_mem_eq(refusal.context, "[1]", 3);
    ck_assert_str_eq(refusal.code, "bad-request");
    ck_assert_str_eq(refusal.message, "something is wrong");
}
END_TEST

START_TEST(test_an_error_with_the_id_of_an_unfinished_job_is_duplicate_id)
{
    client_refusal_amend(session, &refusal, false);
    ck_assert_str_eq(refusal.code, "duplicate-id");
    ck_assert_ptr_nonnull(strstr(refusal.message, "a job under this id has not ended yet"));
    ck_assert_str_eq(refusal.id, "\"a\"");
    struct refusal same;
    client_refusal_init_duplicate(&same, job);
    ck_assert_str_eq(same.code, refusal.code);
    ck_assert_str_eq(same.message, refusal.message);
}
END_TEST

START_TEST(test_a_fatal_error_loses_such_an_id)
{
    client_refusal_amend(session, &refusal, true);
    ck_assert_str_eq(refusal.code, "bad-request");
    ck_assert_str_eq(refusal.id, "");
}
END_TEST

START_TEST(test_other_errors_stay)
{
    struct refusal before = refusal;
    strcpy(refusal.op, "\"cancel\""); /* its id is its own */
    client_refusal_amend(session, &refusal, false);
    ck_assert_str_eq(refusal.code, before.code);
    refusal = before;
    job_set_source(job, NULL); /* the id is free again */
    client_refusal_amend(session, &refusal, false);
    ck_assert_str_eq(refusal.code, before.code);
    ck_assert_str_eq(refusal.id, before.id);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusal");
    TCase *tc = tcase_create("refusal");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_a_refusal_has_the_fields_of_the_submit);
    tcase_add_test(tc, test_an_error_with_the_id_of_an_unfinished_job_is_duplicate_id);
    tcase_add_test(tc, test_a_fatal_error_loses_such_an_id);
    tcase_add_test(tc, test_other_errors_stay);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
