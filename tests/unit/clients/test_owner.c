/* test_owner: whose job it is, the clients that may end it, and their names in it. */
#include "clients/owner.h"

#include "tests/unit/clients/clients_world.h"

static struct client_session *plain, *web, *web_too, *ops, *relay;
static struct job *job;

static struct client_session *greeted(const char *text)
{
    come(text);
    turns();
    return client_session_of(TAILQ_LAST(&clients.peers.list, peers_list));
}

static void setup(void)
{
    open_world(10, TOKENS("a-token-without-a-name"));
    add_token("web", "the-token-of-web", RIGHT_SUBMIT);
    add_token("ops", "the-token-of-ops", RIGHT_CONTROL);
    add_token("relay", "the-token-of-relay", RIGHT_RELAY);
    plain = greeted(HELLO("a-token-without-a-name"));
    web = greeted(HELLO("the-token-of-web"));
    web_too = greeted(HELLO("the-token-of-web"));
    ops = greeted(HELLO("the-token-of-ops"));
    relay = greeted(HELLO("the-token-of-relay"));
    job = job_new("1", 1, NULL, 0);
    job->asked.module = (struct module_entry *)job; /* there is one */
}

static void teardown(void)
{
    job_set_source(job, NULL);
    job->asked.module = NULL;
    job_free(job);
    close_world();
}

static void leave(struct job_source *source, struct job *left)
{
    (void)source, (void)left;
}

static void submitted_by(struct client_session *session)
{
    session->source.left = leave;
    job->asked.origin = job_origin_ref(session->origin);
    job_set_source(job, &session->source);
}

START_TEST(test_a_job_belongs_to_a_name)
{
    submitted_by(web);
    ck_assert(client_owner_is(web, job));
    ck_assert(client_owner_is(web_too, job));
    ck_assert(!client_owner_is(ops, job));
    ck_assert(!client_owner_is(plain, job));
    job_set_source(job, NULL); /* its connection is gone */
    ck_assert(client_owner_is(web_too, job));
}
END_TEST

START_TEST(test_without_a_name_a_job_belongs_to_its_connection)
{
    struct client_session *other = greeted(HELLO("a-token-without-a-name"));
    submitted_by(plain);
    ck_assert(client_owner_is(plain, job));
    ck_assert(!client_owner_is(other, job));
}
END_TEST

START_TEST(test_a_job_is_ended_by_its_owner_or_by_control)
{
    submitted_by(web);
    ck_assert(client_owner_may_end(web_too, job));
    ck_assert(client_owner_may_end(ops, job));
    ck_assert(client_owner_may_end(plain, job)); /* has all rights */
    ck_assert(!client_owner_may_end(relay, job));
}
END_TEST

START_TEST(test_a_relay_makes_a_job_another_ones_and_may_end_it)
{
    submitted_by(ops);
    job_origin_unref(job->asked.origin);
    job->asked.origin = job_origin_new("web", NULL, NULL);
    job->asked.origin->relayed = true;
    job_set_source(job, NULL);
    ck_assert(client_owner_is(web, job));
    ck_assert(!client_owner_is(relay, job));
    ck_assert(client_owner_may_end(relay, job));
}
END_TEST

START_TEST(test_a_job_notes_the_name_of_another_client)
{
    submitted_by(web);
    client_owner_note(ops, job);
    ck_assert_int_eq(job->by, BY_CLIENT);
    ck_assert_str_eq(job->run.by_name, "ops");
    client_owner_note(web, job);
    ck_assert_int_eq(job->by, BY_CLIENT);
}
END_TEST

START_TEST(test_a_client_without_a_token_has_its_name_from_hello)
{
    struct client_session *named = greeted("{\"op\":\"hello\",\"protocol\":1,\"client\":\"cli/1\","
                                           "\"token\":\"a-token-without-a-name\"}\n");
    submitted_by(web);
    client_owner_note(named, job);
    ck_assert_str_eq(job->run.by_name, "cli/1");
}
END_TEST

START_TEST(test_a_job_notes_its_submitter)
{
    submitted_by(web);
    client_owner_note(web_too, job);
    ck_assert_int_eq(job->by, BY_SUBMITTER);
    ck_assert_ptr_null(job->run.by_name);
}
END_TEST

/* A new name for the old token: jobs from before keep the old one. */
START_TEST(test_a_reload_may_rename)
{
    submitted_by(web);
    reload(10, TOKENS("a-token-without-a-name"));
    add_token("www", "the-token-of-web", RIGHT_SUBMIT);
    ck_assert(client_owner_is(web, job)); /* its connection */
    ck_assert(!client_owner_is(web_too, job));
    ck_assert_str_eq(web_too->origin->owner, "www");
    reload(10, TOKENS("the-token-of-web"));
    ck_assert(!client_owner_is(web_too, job));
    ck_assert_ptr_null(web_too->origin);
    ck_assert_uint_eq(peer_grant(&relay->peer)->rights, RIGHT_NONE); /* revoked */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("owner");
    TCase *tc = tcase_create("owner");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_a_job_belongs_to_a_name);
    tcase_add_test(tc, test_without_a_name_a_job_belongs_to_its_connection);
    tcase_add_test(tc, test_a_job_is_ended_by_its_owner_or_by_control);
    tcase_add_test(tc, test_a_relay_makes_a_job_another_ones_and_may_end_it);
    tcase_add_test(tc, test_a_job_notes_the_name_of_another_client);
    tcase_add_test(tc, test_a_client_without_a_token_has_its_name_from_hello);
    tcase_add_test(tc, test_a_job_notes_its_submitter);
    tcase_add_test(tc, test_a_reload_may_rename);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
