/* test_session: the states of a session, its ends and its errors. */
#include "clients/session.h"

#include "tests/unit/clients/clients_world.h"

#include <signal.h>

#define STATES SESSION_STATES

/* --- states --- */

/* [from][to] */
static const bool ways[STATES][STATES] = {
    [SESSION_NEW] = {[SESSION_SUSPECT] = true,
                     [SESSION_OPEN] = true,
                     [SESSION_ENDING] = true,
                     [SESSION_CLOSED] = true},
    [SESSION_SUSPECT] = {[SESSION_ENDING] = true, [SESSION_CLOSED] = true},
    [SESSION_OPEN] = {[SESSION_ENDING] = true, [SESSION_CLOSED] = true},
    [SESSION_ENDING] = {[SESSION_LINGER] = true, [SESSION_CLOSED] = true},
    [SESSION_LINGER] = {[SESSION_CLOSED] = true},
};

static const enum session_state before[STATES] = {
    [SESSION_SUSPECT] = SESSION_NEW,   [SESSION_OPEN] = SESSION_NEW,
    [SESSION_ENDING] = SESSION_OPEN,   [SESSION_LINGER] = SESSION_ENDING,
    [SESSION_CLOSED] = SESSION_LINGER,
};

/* With the dialogue's part: it notes that the hello was answered. */
static void set_state(struct client_session *session, enum session_state state)
{
    client_session_set_state(session, state);
    session->dialogue.greeted |= state == SESSION_OPEN;
}

static void take_way_to(struct client_session *session, enum session_state state)
{
    if (state == SESSION_NEW)
        return;
    take_way_to(session, before[state]);
    set_state(session, state);
}

/* A session in the given state, without a descriptor. */
static struct client_session *session_in(enum session_state state)
{
    struct client_session *session = client_session_new(&clients, "nowhere");
    client_session_begin(session);
    take_way_to(session, state);
    return session;
}

static void free_session(struct client_session *session)
{
    if (session->state != SESSION_CLOSED)
        client_session_set_state(session, SESSION_CLOSED);
    timer_clear(&timers, &session->timer);
    client_session_free(session);
}

static void assert_counts(const struct client_session *session)
{
    bool open = session->state != SESSION_CLOSED, greeted = session->dialogue.greeted;
    ck_assert_uint_eq(clients.open, open);
    ck_assert_uint_eq(clients.connected, open && greeted);
    ck_assert_uint_eq(clients.reading, session->state <= SESSION_OPEN);
    ck_assert_uint_eq(clients.admit.unauthenticated.count, open && !greeted);
}

START_TEST(test_each_way_keeps_the_counts)
{
    open_world(1, NULL);
    for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
            if (!ways[from][to])
                continue;
            struct client_session *session = session_in((enum session_state)from);
            set_state(session, (enum session_state)to);
            ck_assert_int_eq(session->state, to);
            assert_counts(session);
            free_session(session);
        }
    }
    close_world();
}
END_TEST

/* _i is one of all pairs; a pair that is a way aborts by itself, so that each is counted. */
START_TEST(test_no_other_way_exists)
{
    int from = _i / STATES, to = _i % STATES;
    open_world(1, NULL);
    hush();
    if (ways[from][to])
        abort();
    client_session_set_state(session_in((enum session_state)from), (enum session_state)to);
}
END_TEST

/* Unauthenticated connections go in the order of their states. */
START_TEST(test_a_refused_session_goes_before_a_suspect_and_that_before_a_new_one)
{
    open_world(1, NULL);
    struct client_session *new = session_in(SESSION_NEW);
    struct client_session *suspect = session_in(SESSION_SUSPECT);
    struct client_session *refused = session_in(SESSION_NEW);
    struct unauthenticated_list *list = &clients.admit.unauthenticated;
    client_session_set_state(refused, SESSION_ENDING);
    ck_assert_ptr_eq(unauthenticated_first(list), &refused->unauthenticated);
    client_session_set_state(refused, SESSION_CLOSED);
    ck_assert_ptr_eq(unauthenticated_first(list), &suspect->unauthenticated);
    client_session_set_state(suspect, SESSION_CLOSED);
    ck_assert_ptr_eq(unauthenticated_first(list), &new->unauthenticated);
    free_session(new);
    free_session(suspect);
    free_session(refused);
    close_world();
}
END_TEST

/* --- ends --- */

static struct client_session *only_session(void)
{
    struct client_session *session = TAILQ_FIRST(&clients.sessions);
    ck_assert(session && !TAILQ_NEXT(session, link));
    return session;
}

static void assert_no_session(void)
{
    ck_assert(TAILQ_EMPTY(&clients.sessions));
    ck_assert_uint_eq(clients.open + clients.connected + clients.reading, 0);
}

static int greeted_client(void)
{
    int fd = come(HELLO_PLAIN);
    turns();
    assert_welcome(fd);
    ck_assert_int_eq(only_session()->state, SESSION_OPEN);
    return fd;
}

START_TEST(test_the_end_of_input_ends_the_session)
{
    open_world(1, NULL);
    int fd = greeted_client();
    say(fd, PING);
    shutdown(fd, SHUT_WR);
    turns();
    bool is_closed;
    ck_assert_ptr_nonnull(strstr(heard(fd, &is_closed), "pong"));
    ck_assert(is_closed);
    assert_no_session();
    close_world();
}
END_TEST

/* After a fatal error the client may read at leisure, until it closes or linger-ms is over. */
START_TEST(test_a_fatal_error_lets_the_client_linger)
{
    open_world(1, NULL);
    int fd = greeted_client();
    say(fd, "nonsense\n" PING);
    turns();
    ck_assert_int_eq(only_session()->state, SESSION_LINGER);
    say(fd, PING);
    pass_ms(settings.linger_ms - 1);
    ck_assert_int_eq(only_session()->state, SESSION_LINGER);
    assert_told(fd, "bad-json");
    if (_i)
        pass_ms(2);
    else
        close(fd);
    turns();
    assert_no_session();
    close_world();
}
END_TEST

START_TEST(test_no_hello_in_time_is_a_fatal_error)
{
    open_world(1, NULL);
    int fd = come("");
    pass_ms(settings.hello_timeout_ms - 1);
    assert_quiet(fd);
    pass_ms(2);
    assert_told(fd, "no hello came within hello-timeout-ms, 5000 ms");
    close(fd);
    turns();
    assert_no_session();
    close_world();
}
END_TEST

/* The timer fires before the loop reads the socket. */
START_TEST(test_an_unread_hello_is_in_time)
{
    open_world(1, NULL);
    int fd = come("");
    turns();
    say(fd, HELLO_PLAIN);
    now_us += (settings.hello_timeout_ms + 1) * 1000ull;
    timers_turn(&timers, now_us);
    timers_run(&timers);
    turns();
    assert_welcome(fd);
    close_world();
}
END_TEST

START_TEST(test_a_reset_closes_at_once)
{
    open_world(1, NULL);
    close(greeted_client());
    turns();
    assert_no_session();
    close_world();
}
END_TEST

/* The server's end: a silent client is not read any more, a speaking one is. */
START_TEST(test_a_silent_client_is_ended_first)
{
    open_world(2, NULL);
    int silent = come(HELLO_PLAIN), speaking = come(HELLO_PLAIN);
    turns();
    clients_listen(&clients);
    say(speaking, PING);
    clients_end_silent(&clients);
    turns();
    ck_assert_uint_eq(clients.reading, 1);
    assert_heard(speaking, "pong");
    bool is_closed;
    heard(silent, &is_closed);
    ck_assert(is_closed);
    clients_end(&clients);
    ck_assert_uint_eq(clients.reading, 0);
    close_world();
}
END_TEST

/* --- errors --- */

static const struct {
    const char *text, *told;
} wrong_first[] = {
    {PING, "hello-required"},
    {"{\"op\":\"hello\",\"protocol\":9}\n", "bad-version"},
    {"{\"op\":\"hello\",\"protocol\":1,\"module\":5}\n", "bad-request"},
};

START_TEST(test_every_fault_before_hello_is_fatal)
{
    open_world(1, NULL);
    int fd = come(wrong_first[_i].text);
    turns();
    assert_told(fd, wrong_first[_i].told);
    close_world();
}
END_TEST

/* The client's next message is read only once the payload of the wrong one has passed. */
START_TEST(test_an_error_is_told_behind_the_payload)
{
    open_world(1, NULL);
    int fd = greeted_client();
    say(fd, "{\"op\":\"submit\",\"id\":1,\"size\":5}\nab");
    turns();
    assert_quiet(fd);
    say(fd, "cde" PING);
    turns();
    assert_heard(fd, "submit needs a field module, as no default is set for this connection");
    close_world();
}
END_TEST

START_TEST(test_a_second_hello_is_refused_as_that)
{
    open_world(1, NULL);
    int fd = greeted_client();
    say(fd, "{\"op\":\"hello\",\"protocol\":9}\n");
    turns();
    assert_heard(fd, "hello was said already");
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session");
    TCase *tc = tcase_create("states");
    tcase_add_test(tc, test_each_way_keeps_the_counts);
    tcase_add_loop_test_raise_signal(tc, test_no_other_way_exists, SIGABRT, 0, STATES * STATES);
    tcase_add_test(tc, test_a_refused_session_goes_before_a_suspect_and_that_before_a_new_one);
    suite_add_tcase(suite, tc);
    tc = tcase_create("ends");
    tcase_add_test(tc, test_the_end_of_input_ends_the_session);
    tcase_add_loop_test(tc, test_a_fatal_error_lets_the_client_linger, 0, 2);
    tcase_add_test(tc, test_no_hello_in_time_is_a_fatal_error);
    tcase_add_test(tc, test_an_unread_hello_is_in_time);
    tcase_add_test(tc, test_a_reset_closes_at_once);
    tcase_add_test(tc, test_a_silent_client_is_ended_first);
    suite_add_tcase(suite, tc);
    tc = tcase_create("errors");
    tcase_add_loop_test(tc, test_every_fault_before_hello_is_fatal, 0, SUPPORT_COUNT(wrong_first));
    tcase_add_test(tc, test_an_error_is_told_behind_the_payload);
    tcase_add_test(tc, test_a_second_hello_is_refused_as_that);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
