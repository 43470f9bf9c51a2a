/*
 * test_monitor_news: refs and targets, what the clients hear, and which news the master is asked
 * for.
 */
#include "clients/monitor_news.h"

#include "clients/clients_internal.h"
#include "clients/services.h"
#include "tests/unit/clients/clients_world.h"

static struct module_entry module = {.name = "echo"};
static int fds[3];
static struct client_session *sessions[3];

static struct client_session *last_session(void)
{
    return client_session_of(TAILQ_LAST(&clients.peers.list, peers_list));
}

/* Three clients; all jobs wait, as the pool is paused. */
static void setup(void)
{
    open_world(10, NULL);
    settings.peers.monitor_max = 100000;
    dispatcher_pause(pools.first);
    for (int i = 0; i < 3; i++) {
        fds[i] = come(HELLO_PLAIN);
        turns();
        assert_welcome(fds[i]);
        sessions[i] = last_session();
    }
}

static void teardown(void)
{
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    close_world();
}

static struct job *submit(struct client_session *session)
{
    struct job *job = job_new("1", 1, "", 0);
    job->asked.module = &module;
    ck_assert(client_job_ids_add(session, job));
    job_set_source(job, &session->source);
    pools_submit(&pools, job);
    return job;
}

static void ask(int i, const char *request)
{
    say(fds[i], request);
    turns();
}

#define MONITOR(ref, thing) "{\"op\":\"monitor\",\"ref\":" ref "," thing "}\n"
#define DEMONITOR(ref)      "{\"op\":\"demonitor\",\"ref\":" ref "}\n"
#define OK_MONITOR          "{\"event\":\"ok\",\"op\":\"monitor\"}\n"
#define ck_heard(i, expected)                                  \
    do {                                                       \
        bool is_closed;                                        \
        turns();                                               \
        ck_assert_str_eq(heard(fds[i], &is_closed), expected); \
    } while (0)

START_TEST(test_a_job)
{
    submit(sessions[0]);
    ask(1, MONITOR("\"r\"", "\"job\":\"boot-1\""));
    ck_heard(1, OK_MONITOR);
    ck_assert_uint_eq(pools.shared.news.wanted, NEWS_MARKED);
    dispatcher_cancel(pools_find(&pools, 1), false);
    ck_heard(1, "{\"event\":\"down\",\"ref\":\"r\",\"job\":\"boot-1\",\"reason\":\"cancelled\"}\n");
    ck_assert_uint_eq(pools.shared.news.wanted, 0);
    ck_assert_uint_eq(clients.peers.monitors.targets.count, 0);
}
END_TEST

START_TEST(test_a_dropped_job)
{
    submit(sessions[0]);
    ask(1, MONITOR("1", "\"job\":\"boot-1\""));
    peer_close(&sessions[0]->peer, "it went");
    ck_heard(1, OK_MONITOR
             "{\"event\":\"down\",\"ref\":1,\"job\":\"boot-1\",\"reason\":\"dropped\"}\n");
}
END_TEST

START_TEST(test_an_unknown_job)
{
    ask(1, MONITOR("1", "\"job\":\"boot-7\""));
    ck_heard(1, OK_MONITOR
             "{\"event\":\"down\",\"ref\":1,\"job\":\"boot-7\",\"reason\":\"unknown\"}\n");
    ck_assert_uint_eq(clients.peers.monitors.count, 0);
}
END_TEST

START_TEST(test_monitors_stack_and_leave_one_by_one)
{
    submit(sessions[0]);
    ask(1, MONITOR("1", "\"job\":\"boot-1\"") MONITOR("\"1\"", "\"job\":\"boot-1\""));
    ask(2, MONITOR("1", "\"job\":\"boot-1\""));
    ck_assert_uint_eq(clients.peers.monitors.count, 3);
    ck_assert_uint_eq(clients.peers.monitors.targets.count, 1);
    ask(1, DEMONITOR("1"));
    ck_heard(1, OK_MONITOR OK_MONITOR "{\"event\":\"ok\",\"op\":\"demonitor\"}\n");
    peer_close(&sessions[2]->peer, "it went");
    ck_assert_uint_eq(clients.peers.monitors.count, 1);
    dispatcher_cancel(pools_find(&pools, 1), false);
    ck_heard(1, "{\"event\":\"down\",\"ref\":\"1\",\"job\":\"boot-1\",\"reason\":\"cancelled\"}\n");
    ask(1, DEMONITOR("\"1\""));
    turns();
    assert_heard(fds[1], "\"code\":\"unknown-ref\"");
}
END_TEST

START_TEST(test_a_ref_is_taken_once)
{
    ask(1, MONITOR("1", "\"service\":\"s\"") MONITOR("1", "\"service\":\"t\""));
    assert_heard(fds[1], "\"code\":\"duplicate-ref\"");
    ck_assert_uint_eq(sessions[1]->peer.monitor_count, 1);
}
END_TEST

START_TEST(test_a_service)
{
    ask(1, MONITOR("1", "\"service\":\"s\""));
    ck_heard(1,
             OK_MONITOR "{\"event\":\"service\",\"ref\":1,\"service\":\"s\",\"state\":\"free\"}\n");
    client_services_register(sessions[0], "s");
    ck_heard(1, "{\"event\":\"service\",\"ref\":1,\"service\":\"s\",\"state\":\"registered\","
                "\"owner\":{\"client\":1,\"name\":null},\"reason\":\"registered\"}\n");
    client_services_register(sessions[0], "other");
    peer_close(&sessions[0]->peer, "it went");
    ck_heard(1, "{\"event\":\"service\",\"ref\":1,\"service\":\"s\",\"state\":\"free\","
                "\"reason\":\"gone\"}\n");
    ck_assert_uint_eq(pools.shared.news.wanted, 0);
}
END_TEST

/* The first cause counts, and slowness above all. */
START_TEST(test_a_client)
{
    static const struct {
        enum peer_end ends[2];
        const char *reason;
    } cases[] = {
        {{PEER_END_NONE}, "closed"},
        {{PEER_END_OF_INPUT, PEER_END_RESET}, "closed"},
        {{PEER_END_BYE, PEER_END_RESET}, "bye"},
        {{PEER_END_RESET}, "reset"},
        {{PEER_END_OF_INPUT, PEER_END_SLOW}, "slow"},
        {{PEER_END_ERROR, PEER_END_OF_INPUT}, "error"},
    };
    char expected[128];
    snprintf(expected, sizeof expected,
             OK_MONITOR "{\"event\":\"down\",\"ref\":1,\"client\":1,\"reason\":\"%s\"}\n",
             cases[_i].reason);
    ask(1, MONITOR("1", "\"client\":1"));
    for (int i = 0; i < 2; i++)
        if (cases[_i].ends[i])
            peer_note_end(&sessions[0]->peer, cases[_i].ends[i]);
    peer_close(&sessions[0]->peer, "it went");
    ck_heard(1, expected);
    ask(1, MONITOR("1", "\"client\":1"));
    ck_heard(1, OK_MONITOR "{\"event\":\"down\",\"ref\":1,\"client\":1,\"reason\":\"unknown\"}\n");
}
END_TEST

/* A connection without a hello is no client. */
START_TEST(test_no_client)
{
    int fd = come("");
    turns();
    ask(1, MONITOR("1", "\"client\":4"));
    assert_heard(fds[1], "\"reason\":\"unknown\"");
    close(fd);
}
END_TEST

START_TEST(test_news_are_wanted_while_there_are_monitors)
{
    ask(1, MONITOR("1", "\"workers\":true") MONITOR("2", "\"pool\":\"default\"")
               MONITOR("3", "\"service\":\"s\"") MONITOR("4", "\"client\":1"));
    ck_assert_uint_eq(pools.shared.news.wanted, NEWS_WORKERS);
    ask(1, DEMONITOR("1"));
    ck_assert_uint_eq(pools.shared.news.wanted, NEWS_WORKERS);
    ask(1, DEMONITOR("2"));
    ck_assert_uint_eq(pools.shared.news.wanted, 0);
    ck_assert_uint_eq(clients.peers.monitors.count, 2);
}
END_TEST

/* A reload may lower the limit: what is there stays. */
START_TEST(test_monitor_max)
{
    settings.peers.monitor_max = 2;
    ask(1, MONITOR("1", "\"service\":\"s\"") MONITOR("2", "\"service\":\"s\""));
    ask(2, MONITOR("1", "\"service\":\"s\""));
    assert_heard(fds[2], "\"code\":\"too-many\"");
    settings.peers.monitor_max = 1;
    ck_assert_uint_eq(clients.peers.monitors.count, 2);
    peer_close(&sessions[1]->peer, "it went");
    ck_assert_uint_eq(clients.peers.monitors.count, 0);
    ask(2, MONITOR("1", "\"service\":\"s\""));
    assert_heard(fds[2], "\"event\":\"service\"");
}
END_TEST

/* Nothing is written to a connection whose output is shut. */
/* As are the other events of a client: jobs for its names are held by them. */
START_TEST(test_events_count_as_unread_of_its_services)
{
    ask(0, "{\"op\":\"register\",\"name\":\"own\"}\n" MONITOR("1", "\"service\":\"other\""));
    ck_assert_uint_eq(client_services_find(&clients, "own")->source.unread, 0);
    client_services_register(sessions[1], "other");
    uint64_t unread = client_services_find(&clients, "own")->source.unread;
    ck_assert_uint_gt(unread, 0);
    ck_assert_uint_eq(unread, sessions[0]->source.unread);
    turns();
    ck_assert_uint_eq(client_services_find(&clients, "own")->source.unread, 0);
}
END_TEST

START_TEST(test_no_events_while_a_client_lingers)
{
    ask(1, MONITOR("1", "\"service\":\"s\""));
    ask(1, "{\"op\":\"bye\"}\n");
    ck_assert_int_eq(sessions[1]->peer.state, PEER_LINGER);
    ck_assert_uint_eq(clients.peers.monitors.count, 0);
    client_services_register(sessions[0], "s");
    turns();
}
END_TEST

START_TEST(test_very_many)
{
    char ref[16];
    submit(sessions[0]);
    for (int i = 0; i < MONITORS_EACH; i++) {
        snprintf(ref, sizeof ref, "%d", i);
        peers_monitors_add(&sessions[1]->peer, ref, MONITORED_JOB, 1, NULL);
        peers_monitors_add(&sessions[2]->peer, ref, MONITORED_JOB, (uint64_t)i + 2, NULL);
    }
    ask(1, MONITOR("\"r\"", "\"service\":\"s\""));
    assert_heard(fds[1], "\"code\":\"too-many\"");
    ck_assert_uint_eq(clients.peers.monitors.targets.count, MONITORS_EACH + 1);
    for (int i = MONITORS_EACH - 1; i >= 0; i--) {
        snprintf(ref, sizeof ref, "%d", i);
        peers_monitors_remove(peers_monitors_find(&sessions[1]->peer, ref, strlen(ref)));
    }
    ck_assert_uint_eq(clients.peers.monitors.targets.count, MONITORS_EACH);
    peers_monitors_release(&sessions[2]->peer);
    ck_assert_uint_eq(clients.peers.monitors.count, 0);
    ck_assert_uint_eq(clients.peers.monitors.by_ref.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("monitor_news");
    TCase *tc = tcase_create("monitors");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_a_job);
    tcase_add_test(tc, test_a_dropped_job);
    tcase_add_test(tc, test_an_unknown_job);
    tcase_add_test(tc, test_monitors_stack_and_leave_one_by_one);
    tcase_add_test(tc, test_a_ref_is_taken_once);
    tcase_add_test(tc, test_a_service);
    tcase_add_loop_test(tc, test_a_client, 0, 6);
    tcase_add_test(tc, test_no_client);
    tcase_add_test(tc, test_news_are_wanted_while_there_are_monitors);
    tcase_add_test(tc, test_monitor_max);
    tcase_add_test(tc, test_events_count_as_unread_of_its_services);
    tcase_add_test(tc, test_no_events_while_a_client_lingers);
    tcase_add_test(tc, test_very_many);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
