/* test_selections: many at a time, and a client that goes meanwhile. */
#include "clients/selections.h"

#include "clients/clients_internal.h"
#include "jobs/dispatcher_internal.h"
#include "tests/unit/clients/clients_world.h"

#define CANCEL(id) "{\"op\":\"cancel\",\"id\":" id ",\"select\":{\"module\":\"none\"}}\n"

static int greeted(void)
{
    int fd = come(HELLO_PLAIN);
    turns();
    assert_welcome(fd);
    return fd;
}

/* In the order of their requests, one in each turn. */
START_TEST(test_one_after_the_other)
{
    bool is_closed;
    open_world(10, NULL);
    int one = greeted(), other = greeted();
    say(one, CANCEL("1") CANCEL("2"));
    say(other, CANCEL("3"));
    turns();
    ck_assert_str_eq(heard(one, &is_closed),
                     "{\"event\":\"ok\",\"id\":1,\"op\":\"cancel\",\"count\":0}\n"
                     "{\"event\":\"ok\",\"id\":2,\"op\":\"cancel\",\"count\":0}\n");
    ck_assert_str_eq(heard(other, &is_closed),
                     "{\"event\":\"ok\",\"id\":3,\"op\":\"cancel\",\"count\":0}\n");
    close_world();
}
END_TEST

START_TEST(test_too_many)
{
    bool is_closed;
    open_world(10, NULL);
    int fd = greeted();
    for (int i = 0; i < SELECTIONS_MAX + 1; i++)
        say(fd, CANCEL("1"));
    turn();
    for (int i = 0; i < SELECTIONS_MAX; i++)
        turn();
    const char *text = heard(fd, &is_closed);
    ck_assert_ptr_nonnull(strstr(text, "\"code\":\"too-many\""));
    ck_assert_uint_eq(clients.peers.open, 1);
    ck_assert(TAILQ_EMPTY(&clients.selections.list));
    close_world();
}
END_TEST

/* The others' are done. */
START_TEST(test_a_client_goes)
{
    open_world(10, NULL);
    int one = greeted(), other = greeted();
    for (int i = 0; i < 50; i++)
        say(one, CANCEL("1"));
    say(other, CANCEL("2"));
    turn();
    ck_assert(!TAILQ_EMPTY(&clients.selections.list));
    close(one);
    turns();
    turns();
    turns();
    turns();
    assert_heard(other, "\"id\":2");
    ck_assert(TAILQ_EMPTY(&clients.selections.list));
    close_world();
}
END_TEST

/* The session ends behind its answers. */
START_TEST(test_end_of_input)
{
    bool is_closed;
    open_world(10, NULL);
    int fd = greeted();
    say(fd, CANCEL("1") CANCEL("2"));
    shutdown(fd, SHUT_WR);
    turns();
    const char *text = heard(fd, &is_closed);
    ck_assert_ptr_nonnull(strstr(text, "\"id\":2"));
    ck_assert(is_closed);
    close_world();
}
END_TEST

/* Jobs of the client, in a paused pool. */
static void submit(struct client_session *session, struct module_entry *module, int count)
{
    char id[16];
    for (int i = 0; i < count; i++) {
        struct job *job = job_new(id, (size_t)sprintf(id, "%d", i), "", 0);
        job->asked.module = module;
        ck_assert(client_job_ids_add(session, job));
        job_set_source(job, &session->source);
        pools_submit(&pools, job);
    }
}

/* A worker has it, and has not begun it. */
static struct job *assign_first(struct dispatcher *d)
{
    struct job *job = TAILQ_FIRST(&d->line.queue.jobs);
    ck_assert(dispatch_line_take(d, job));
    job_set_state(job, JOB_RUNNING);
    return job;
}

/* Its place is passed when it comes back. */
START_TEST(test_a_job_comes_back_between_two_batches)
{
    enum { COUNT = 2500 };
    static struct module_entry module = {.name = "echo"};
    open_world(10, NULL);
    struct dispatcher *d = pools.first;
    d->limits.job_max = COUNT;
    dispatcher_pause(d);
    greeted();
    submit(client_session_of(TAILQ_FIRST(&clients.peers.list)), &module, COUNT);
    struct job *job = assign_first(d);
    int fd = greeted();
    say(fd, "{\"op\":\"cancel\",\"select\":{\"module\":\"echo\"}}\n");
    while (dispatcher_waiting(d) == COUNT - 1)
        turn();
    ck_assert_uint_gt(dispatcher_waiting(d), 0);
    dispatch_line_return(d, job);
    turns();
    assert_heard(fd, "\"count\":2500}");
    ck_assert_uint_eq(dispatcher_waiting(d), 0);
    close_world();
}
END_TEST

START_TEST(test_the_server_ends)
{
    open_world(10, NULL);
    say(greeted(), CANCEL("1") CANCEL("2") CANCEL("3"));
    turn();
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("selections");
    TCase *tc = tcase_create("selections");
    tcase_add_test(tc, test_one_after_the_other);
    tcase_add_test(tc, test_too_many);
    tcase_add_test(tc, test_a_client_goes);
    tcase_add_test(tc, test_end_of_input);
    tcase_add_test(tc, test_a_job_comes_back_between_two_batches);
    tcase_add_test(tc, test_the_server_ends);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
