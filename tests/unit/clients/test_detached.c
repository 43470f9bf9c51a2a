/*
 * test_detached: the submit of a detached job is answered, the job is nobody's, and it counts for
 * its token.
 */
#include "clients/detached.h"

#include "clients/clients_internal.h"
#include "tests/unit/clients/clients_world.h"

static struct module_entry module = {.name = "echo"};
static int fd;

static struct client_session *last_session(void)
{
    return client_session_of(TAILQ_LAST(&clients.peers.list, peers_list));
}

static struct client_session *greeted(const char *hello)
{
    fd = come(hello);
    turns();
    assert_welcome(fd);
    return last_session();
}

/* All jobs wait: the pool is paused. */
static void open_paused(uint32_t client_job_max, const char *const *tokens)
{
    open_world(10, tokens);
    pools.shared.limits.client_job_max = client_job_max;
    dispatcher_pause(pools.first);
}

/* Returns the job's number, also if it was refused. */
static uint64_t detach(struct client_session *session, const char *id)
{
    struct job *job = job_new(id, strlen(id), "\"mine\"", 6);
    job->asked.module = &module;
    job->asked.detach = job->asked.notify_accepted = true;
    client_detached_submit(session, job);
    turns();
    return pools.shared.last_seq;
}

static void cancel(uint64_t seq)
{
    struct job *job = pools_find(&pools, seq);
    ck_assert_ptr_nonnull(job);
    dispatcher_cancel(job, false);
    turns();
}

START_TEST(test_accepted_ends_the_submit)
{
    open_paused(0, NULL);
    struct client_session *session = greeted(HELLO_PLAIN);
    uint64_t seq = detach(session, "1");
    assert_heard(fd, "{\"event\":\"accepted\",\"id\":1,\"job\":\"boot-1\",\"position\":0,"
                     "\"context\":\"mine\"}\n");
    ck_assert_uint_eq(session->source.job_count, 0);
    cancel(seq);
    assert_quiet(fd);
    ck_assert_uint_eq(pools.shared.counts.failed[FAIL_CANCELLED], 1);
    close(fd);
    close_world();
}
END_TEST

START_TEST(test_a_refusal_ends_the_submit)
{
    open_paused(0, NULL);
    struct client_session *session = greeted(HELLO_PLAIN);
    pools_drain(&pools, false);
    detach(session, "1");
    assert_heard(fd, "\"reason\":\"shutdown\"");
    ck_assert_uint_eq(pools.shared.jobs.count, 0);
    close(fd);
    close_world();
}
END_TEST

START_TEST(test_a_job_outlives_its_session)
{
    open_paused(0, NULL);
    uint64_t seq = detach(greeted(HELLO_PLAIN), "1");
    close(fd);
    turns();
    ck_assert(TAILQ_EMPTY(&clients.peers.list));
    cancel(seq);
    ck_assert_uint_eq(pools.shared.counts.dropped, 0);
    ck_assert_uint_eq(pools.shared.counts.orphaned, 0);
    ck_assert_uint_eq(pools.shared.counts.failed[FAIL_CANCELLED], 1);
    close_world();
}
END_TEST

START_TEST(test_two_jobs_of_one_token)
{
    open_paused(0, NULL);
    struct client_session *session = greeted(HELLO_PLAIN);
    uint64_t first = detach(session, "1"), second = detach(session, "1");
    ck_assert_uint_eq(client_detached_count(session), 2);
    assert_heard(fd, "\"boot-2\"");
    cancel(second);
    cancel(first);
    assert_quiet(fd);
    ck_assert_uint_eq(client_detached_count(session), 0);
    close(fd);
    close_world();
}
END_TEST

START_TEST(test_the_quota_is_the_tokens)
{
    open_paused(2, TOKENS("secret-0", "secret-1"));
    struct client_session *session = greeted(HELLO("secret-0"));
    uint64_t seq = detach(session, "1");
    session->source.job_count++; /* a job of its own */
    detach(session, "2");
    assert_heard(fd, "\"client-quota\"");
    session->source.job_count--;
    close(fd);
    detach(session = greeted(HELLO("secret-0")), "3");
    assert_heard(fd, "\"accepted\"");
    detach(session, "4");
    assert_heard(fd, "\"client-quota\"");
    close(fd);
    uint64_t other = detach(greeted(HELLO("secret-1")), "5");
    assert_heard(fd, "\"accepted\"");
    close(fd);
    cancel(seq);
    detach(session = greeted(HELLO("secret-0")), "6");
    assert_heard(fd, "\"accepted\"");
    ck_assert_uint_eq(client_detached_count(session), 2);
    close(fd);
    cancel(other);
    cancel(other - 2);
    cancel(other + 1);
    close_world();
}
END_TEST

START_TEST(test_a_name_keeps_its_count_with_another_token)
{
    open_paused(0, TOKENS("secret-0"));
    add_token("alice", "of-alice", RIGHTS_ALL);
    uint64_t seq = detach(greeted(HELLO("of-alice")), "1");
    close(fd);
    reload(10, TOKENS("secret-0"));
    add_token("alice", "new-of-alice", RIGHTS_ALL);
    ck_assert_uint_eq(client_detached_count(greeted(HELLO("new-of-alice"))), 1);
    close(fd);
    ck_assert_uint_eq(client_detached_count(greeted(HELLO("secret-0"))), 0);
    close(fd);
    cancel(seq);
    close_world();
}
END_TEST

/* Without tokens the one that a hello names does not matter. */
START_TEST(test_without_tokens_all_share_a_count)
{
    open_paused(0, NULL);
    uint64_t seq = detach(greeted(HELLO("one")), "1");
    close(fd);
    ck_assert_uint_eq(client_detached_count(greeted(HELLO("two"))), 1);
    close(fd);
    cancel(seq);
    close_world();
}
END_TEST

START_TEST(test_a_source_without_jobs_goes)
{
    open_paused(0, NULL);
    struct client_session *session = greeted(HELLO_PLAIN);
    cancel(detach(session, "1"));
    pass_ms(900);
    ck_assert_uint_eq(clients.detached.sources.count, 1);
    cancel(detach(session, "2")); /* begins the second anew */
    pass_ms(900);
    ck_assert_uint_eq(clients.detached.sources.count, 1);
    pass_ms(200);
    ck_assert_uint_eq(clients.detached.sources.count, 0);
    close(fd);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("detached");
    TCase *tc = tcase_create("detached");
    tcase_add_test(tc, test_accepted_ends_the_submit);
    tcase_add_test(tc, test_a_refusal_ends_the_submit);
    tcase_add_test(tc, test_a_job_outlives_its_session);
    tcase_add_test(tc, test_two_jobs_of_one_token);
    tcase_add_test(tc, test_the_quota_is_the_tokens);
    tcase_add_test(tc, test_a_name_keeps_its_count_with_another_token);
    tcase_add_test(tc, test_without_tokens_all_share_a_count);
    tcase_add_test(tc, test_a_source_without_jobs_goes);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
