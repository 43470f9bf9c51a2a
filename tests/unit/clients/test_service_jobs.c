/*
 * test_service_jobs: the end of a job goes to the owner that its service has then.
 *
 * The pool is paused, so each job waits until the test cancels it.
 */
#include "clients/service_jobs.h"

#include "clients/clients_internal.h"
#include "clients/detached.h"
#include "tests/unit/clients/clients_world.h"

static struct module_entry module = {.name = "echo"};

#define REGISTER(name)   "{\"op\":\"register\",\"name\":\"" name "\"}\n"
#define UNREGISTER(name) "{\"op\":\"unregister\",\"name\":\"" name "\"}\n"
#define HELLO_OF(name)   "{\"op\":\"hello\",\"protocol\":1,\"client\":\"" name "\"}\n"

/* The end of a job of the submitter "web" under the id 7, which a test cancels. */
#define END(more)                                                                    \
    "{\"event\":\"failed\",\"service\":\"a\",\"submit_id\":7,\"from\":\"web\"," more \
    "\"job\":\"boot-"

/* --- peers --- */

static struct client_session *session_of_last(void)
{
    return client_session_of(TAILQ_LAST(&clients.peers.list, peers_list));
}

static int greeted(const char *hello)
{
    int fd = come(hello);
    turns();
    assert_welcome(fd);
    return fd;
}

/* A client that has the service. */
static int owner_of(const char *request)
{
    int fd = greeted(HELLO_PLAIN);
    say(fd, request);
    turns();
    assert_heard(fd, "\"op\":\"register\"");
    return fd;
}

static void ask(int fd, const char *request)
{
    say(fd, request);
    turns();
}

/* --- jobs --- */

static struct client_session *web; /* the submitter */
static int web_fd;

static void open_paused(void)
{
    open_world(10, NULL);
    dispatcher_pause(pools.first);
    web_fd = greeted(HELLO_OF("web"));
    web = session_of_last();
}

static struct client_service *service_a(void)
{
    return client_services_find(&clients, "a");
}

/* The job's number, also if it was refused. */
static uint64_t submit_by(struct client_session *session, struct client_service *service)
{
    struct job *job = job_new("7", 1, "{\"n\":1}", 7);
    job->asked.module = &module;
    job->asked.detach = job->asked.notify_accepted = true;
    job->asked.origin = job_origin_new(NULL, NULL, session->peer.client);
    client_service_jobs_submit(service, session, job);
    turns();
    return pools.shared.last_seq;
}

static uint64_t submit(struct client_service *service)
{
    uint64_t seq = submit_by(web, service);
    assert_heard(web_fd, "{\"event\":\"accepted\",\"id\":7,\"job\":\"boot-");
    return seq;
}

static void cancel(uint64_t seq)
{
    struct job *job = pools_find(&pools, seq);
    ck_assert_ptr_nonnull(job);
    dispatcher_cancel(job, false);
    turns();
}

START_TEST(test_the_end_goes_to_the_owner)
{
    open_paused();
    int owner = owner_of(REGISTER("a"));
    uint64_t seq = submit(service_a());
    ck_assert_str_eq(pools_find(&pools, seq)->source->service, "a");
    ck_assert_str_eq(job_client(pools_find(&pools, seq)), "service:a");
    assert_quiet(owner);
    close(web_fd); /* the end is none of its business */
    turns();
    cancel(seq);
    bool is_closed;
    ck_assert_str_eq(heard(owner, &is_closed),
                     END("") "1\",\"reason\":\"cancelled\",\"message\":\"the job was cancelled "
                             "while it waited\",\"context\":{\"n\":1}}\n");
    ck_assert_uint_eq(service_a()->delivered, 1);
    ck_assert_uint_eq(service_a()->dropped, 0);
    ck_assert_uint_eq(pools.shared.counts.failed[FAIL_CANCELLED], 1);
    close_world();
}
END_TEST

START_TEST(test_a_refusal_goes_to_the_submitter)
{
    open_paused();
    int owner = owner_of(REGISTER("a"));
    pools_drain(&pools, false);
    submit_by(web, service_a());
    assert_heard(web_fd, "{\"event\":\"failed\",\"id\":7,");
    assert_quiet(owner);
    ck_assert_uint_eq(service_a()->delivered, 0);
    close_world();
}
END_TEST

START_TEST(test_the_owner_of_then)
{
    open_paused();
    int before = owner_of(REGISTER("a"));
    uint64_t first = submit(service_a()), second = submit(service_a());
    close(before);
    turns();
    int then = owner_of(REGISTER("a"));
    cancel(first);
    assert_heard(then, END("") "1\"");
    ask(then, UNREGISTER("a"));
    int later = owner_of(REGISTER("a"));
    cancel(second);
    assert_heard(later, END("") "2\"");
    assert_heard(then, "unregister");
    assert_quiet(then);
    ck_assert_uint_eq(service_a()->delivered, 2);
    close_world();
}
END_TEST

/* The record stays for its job, and then for its counts. */
START_TEST(test_nobody_has_the_name)
{
    open_paused();
    int owner = owner_of(REGISTER("a")), other = owner_of(REGISTER("drop")); /* as any name */
    uint64_t seq = submit(service_a());
    shutdown(owner, SHUT_WR);
    turns();
    ck_assert_ptr_null(service_a()->list);
    cancel(seq);
    ck_assert_ptr_eq(service_a()->list, &clients.services.kept);
    ck_assert_uint_eq(service_a()->dropped, 1);
    ck_assert_uint_eq(clients.services.dropped, 1);
    assert_quiet(other);
    close_world();
}
END_TEST

START_TEST(test_dead_letters)
{
    open_paused();
    settings.dead_letters = (char[]){"dead"};
    int owner = owner_of(REGISTER("a")), dead = owner_of(REGISTER("dead"));
    uint64_t first = submit(service_a()), second = submit(service_a()), third = submit(service_a());
    ask(owner, UNREGISTER("a"));
    cancel(first);
    assert_heard(dead, END("\"undelivered\":true,") "1\"");
    ck_assert_uint_eq(client_services_find(&clients, "dead")->delivered, 1);
    ck_assert_uint_eq(service_a()->delivered, 0);
    ask(dead, UNREGISTER("dead"));
    cancel(second);
    ck_assert_uint_eq(service_a()->dropped, 1);
    ask(dead, REGISTER("dead"));
    struct client_session *reader = session_of_last();
    pools.shared.limits.source_output_max = 1000;
    reader->peer.conn.output_len += 501; /* as if it read too little */
    cancel(third);
    reader->peer.conn.output_len -= 501;
    ck_assert_uint_eq(service_a()->dropped, 2);
    ck_assert_uint_eq(clients.services.delivered, 1);
    close_world();
}
END_TEST

/* A service that is itself the one of dead-letters. */
START_TEST(test_a_dead_letter_of_dead_letters)
{
    open_paused();
    settings.dead_letters = (char[]){"a"};
    int owner = owner_of(REGISTER("a"));
    uint64_t seq = submit(service_a());
    ask(owner, UNREGISTER("a"));
    cancel(seq);
    ck_assert_uint_eq(service_a()->dropped, 1);
    close_world();
}
END_TEST

START_TEST(test_jobs_of_an_owner_that_does_not_read_are_held)
{
    open_paused();
    pools.shared.limits.source_output_max = 4000;
    pools.shared.limits.source_unread_max = 1000;
    pools_configure(&pools,
                    &(struct job_settings){.pool.pool_max = 1,
                                           .pool.job_max = 10,
                                           .start_timeout_ms = 1000,
                                           .source_output_max = 4000,
                                           .source_unread_max = 1000},
                    false);
    int owner = owner_of(REGISTER("a"));
    struct client_session *session = session_of_last();
    submit(service_a());
    session->peer.conn.output_len += 1001;
    client_session_note_unread(session);
    ck_assert(service_a()->source.held && session->source.held);
    submit(service_a());
    session->peer.conn.output_len += 1000;
    submit_by(web, service_a());
    assert_heard(web_fd, "\"reason\":\"service-full\"");
    session->peer.conn.output_len -= 2001;
    client_session_note_unread(session);
    ck_assert(!service_a()->source.held);
    session->peer.conn.output_len += 1001;
    client_session_note_unread(session);
    ck_assert(service_a()->source.held);
    session->peer.conn.output_len -= 1001;
    close(owner); /* nobody's output counts */
    turns();
    ck_assert(!service_a()->source.held);
    cancel(1);
    cancel(2);
    close_world();
}
END_TEST

START_TEST(test_the_quota_is_the_submitters)
{
    open_paused();
    pools.shared.limits.client_job_max = 2;
    owner_of(REGISTER("a"));
    owner_of(REGISTER("b"));
    struct client_service *b = client_services_find(&clients, "b");
    uint64_t first = submit(service_a()), second = submit(b);
    ck_assert_uint_eq(client_detached_count(web), 2);
    submit_by(web, b);
    assert_heard(web_fd, "\"reason\":\"client-quota\"");
    cancel(first);
    uint64_t third = submit(b);
    cancel(second);
    cancel(third);
    ck_assert_uint_eq(client_detached_count(web), 0);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("service_jobs");
    TCase *tc = tcase_create("service_jobs");
    tcase_add_test(tc, test_the_end_goes_to_the_owner);
    tcase_add_test(tc, test_a_refusal_goes_to_the_submitter);
    tcase_add_test(tc, test_the_owner_of_then);
    tcase_add_test(tc, test_nobody_has_the_name);
    tcase_add_test(tc, test_dead_letters);
    tcase_add_test(tc, test_a_dead_letter_of_dead_letters);
    tcase_add_test(tc, test_jobs_of_an_owner_that_does_not_read_are_held);
    tcase_add_test(tc, test_the_quota_is_the_submitters);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
