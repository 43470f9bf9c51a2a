/* test_job_ids: unfinished jobs are found by session and id, and by nothing else. */
#include "clients/job_ids.h"

#include "clients/session.h"
#include "peers/peers_internal.h"
#include "tests/unit/clients/clients_world.h"

static struct client_session *sessions[2];

static void setup(void)
{
    open_world(1, NULL);
    for (int i = 0; i < 2; i++) {
        sessions[i] = client_session_of(peer_new(&clients.peers, "nowhere"));
        peer_begin(&sessions[i]->peer);
    }
}

/* A job as ops/submit makes it. NULL if the id is taken. */
static struct job *add(struct client_session *session, const char *id)
{
    struct job *job = job_new(id, strlen(id), "", 0);
    if (!client_job_ids_add(session, job)) {
        job_free(job);
        return NULL;
    }
    job_set_source(job, &session->source);
    return job;
}

static void end(struct job *job)
{
    job_set_source(job, NULL);
    job_free(job);
}

static struct job *find(struct client_session *session, const char *id)
{
    return client_job_ids_find(session, id, strlen(id));
}

START_TEST(test_a_job_is_found_until_it_leaves)
{
    ck_assert_ptr_null(find(sessions[0], "17"));
    struct job *job = add(sessions[0], "17");
    ck_assert_ptr_eq(find(sessions[0], "17"), job);
    end(job);
    ck_assert_ptr_null(find(sessions[0], "17"));
}
END_TEST

START_TEST(test_an_id_is_taken_in_its_session_alone)
{
    struct job *job = add(sessions[0], "\"a\""), *other = add(sessions[1], "\"a\"");
    ck_assert_ptr_null(add(sessions[0], "\"a\""));
    ck_assert_ptr_ne(job, other);
    ck_assert_ptr_eq(find(sessions[0], "\"a\""), job);
    ck_assert_ptr_eq(find(sessions[1], "\"a\""), other);
    end(job);
    ck_assert_ptr_nonnull(job = add(sessions[0], "\"a\""));
    end(job);
    end(other);
}
END_TEST

/* The text counts: 17 and "17" are two ids, and a part of an id is no id. */
START_TEST(test_ids_are_compared_as_text)
{
    struct job *number = add(sessions[0], "17"), *string = add(sessions[0], "\"17\"");
    ck_assert_ptr_eq(find(sessions[0], "17"), number);
    ck_assert_ptr_eq(find(sessions[0], "\"17\""), string);
    ck_assert_ptr_null(find(sessions[0], "1"));
    ck_assert_ptr_null(find(sessions[0], "170"));
    end(number);
    end(string);
}
END_TEST

START_TEST(test_many_ids)
{
    static struct job *jobs[5000];
    char id[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "%d", i);
        jobs[i] = add(sessions[i % 2], id);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "%d", i);
        struct client_session *own = sessions[i % 2], *other = sessions[!(i % 2)];
        hot_assert(find(own, id) == jobs[i]);
        hot_assert(!find(other, id));
        end(jobs[i]);
    }
    ck_assert_uint_eq(clients.jobs_by_id.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("job_ids");
    TCase *tc = tcase_create("job_ids");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_a_job_is_found_until_it_leaves);
    tcase_add_test(tc, test_an_id_is_taken_in_its_session_alone);
    tcase_add_test(tc, test_ids_are_compared_as_text);
    tcase_add_test(tc, test_many_ids);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
