/* test_peer: the states of a peer, its ends and its errors. */
#include "peers/peer.h"

#include "peers/peers_internal.h"

#include "tests/unit/peers/peers_world.h"

#include <signal.h>

#define STATES PEER_STATES

/* --- states --- */

/* [from][to] */
static const bool ways[STATES][STATES] = {
    [PEER_NEW] =
        {[PEER_SUSPECT] = true, [PEER_OPEN] = true, [PEER_ENDING] = true, [PEER_CLOSED] = true},
    [PEER_SUSPECT] = {[PEER_ENDING] = true, [PEER_CLOSED] = true},
    [PEER_OPEN] = {[PEER_ENDING] = true, [PEER_CLOSED] = true},
    [PEER_ENDING] = {[PEER_LINGER] = true, [PEER_CLOSED] = true},
    [PEER_LINGER] = {[PEER_CLOSED] = true},
};

static const enum peer_state before[STATES] = {
    [PEER_SUSPECT] = PEER_NEW,   [PEER_OPEN] = PEER_NEW,      [PEER_ENDING] = PEER_OPEN,
    [PEER_LINGER] = PEER_ENDING, [PEER_CLOSED] = PEER_LINGER,
};

/* With the dialogue's part: it notes that the hello was answered. */
static void set_state(struct peer *peer, enum peer_state state)
{
    peer_set_state(peer, state);
    peer->dialogue.greeted |= state == PEER_OPEN;
}

static void take_way_to(struct peer *peer, enum peer_state state)
{
    if (state == PEER_NEW)
        return;
    take_way_to(peer, before[state]);
    set_state(peer, state);
}

/* A session in the given state, without a descriptor. */
static struct peer *peer_in(enum peer_state state)
{
    struct peer *peer = peer_new(&peers, "nowhere");
    peer_begin(peer);
    take_way_to(peer, state);
    return peer;
}

static void free_peer(struct peer *peer)
{
    if (peer->state != PEER_CLOSED)
        peer_set_state(peer, PEER_CLOSED);
    timer_clear(&timers, &peer->timer);
    peer_free(peer);
}

static void assert_counts(const struct peer *peer)
{
    bool open = peer->state != PEER_CLOSED, greeted = peer->dialogue.greeted;
    ck_assert_uint_eq(peers.open, open);
    ck_assert_uint_eq(peers.connected, open && greeted);
    ck_assert_uint_eq(peers.reading, peer->state <= PEER_OPEN);
    ck_assert_uint_eq(peers.admit.unauthenticated.count, open && !greeted);
}

START_TEST(test_each_way_keeps_the_counts)
{
    open_world(1, NULL);
    for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
            if (!ways[from][to])
                continue;
            struct peer *peer = peer_in((enum peer_state)from);
            set_state(peer, (enum peer_state)to);
            ck_assert_int_eq(peer->state, to);
            assert_counts(peer);
            free_peer(peer);
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
    peer_set_state(peer_in((enum peer_state)from), (enum peer_state)to);
}
END_TEST

/* Unauthenticated connections go in the order of their states. */
START_TEST(test_a_refused_session_goes_before_a_suspect_and_that_before_a_new_one)
{
    open_world(1, NULL);
    struct peer *new = peer_in(PEER_NEW);
    struct peer *suspect = peer_in(PEER_SUSPECT);
    struct peer *refused = peer_in(PEER_NEW);
    struct unauthenticated_list *list = &peers.admit.unauthenticated;
    peer_set_state(refused, PEER_ENDING);
    ck_assert_ptr_eq(unauthenticated_first(list), &refused->unauthenticated);
    peer_set_state(refused, PEER_CLOSED);
    ck_assert_ptr_eq(unauthenticated_first(list), &suspect->unauthenticated);
    peer_set_state(suspect, PEER_CLOSED);
    ck_assert_ptr_eq(unauthenticated_first(list), &new->unauthenticated);
    free_peer(new);
    free_peer(suspect);
    free_peer(refused);
    close_world();
}
END_TEST

/* --- ends --- */

static struct peer *only_peer(void)
{
    struct peer *peer = TAILQ_FIRST(&peers.list);
    ck_assert(peer && !TAILQ_NEXT(peer, link));
    return peer;
}

static void assert_no_peer(void)
{
    ck_assert(TAILQ_EMPTY(&peers.list));
    ck_assert_uint_eq(peers.open + peers.connected + peers.reading, 0);
}

static int greeted_client(void)
{
    int fd = come(HELLO_PLAIN);
    turns();
    assert_welcome(fd);
    ck_assert_int_eq(only_peer()->state, PEER_OPEN);
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
    assert_no_peer();
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
    ck_assert_int_eq(only_peer()->state, PEER_LINGER);
    say(fd, PING);
    pass_ms(settings.linger_ms - 1);
    ck_assert_int_eq(only_peer()->state, PEER_LINGER);
    assert_told(fd, "bad-json");
    if (_i)
        pass_ms(2);
    else
        close(fd);
    turns();
    assert_no_peer();
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
    assert_no_peer();
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
    assert_no_peer();
    close_world();
}
END_TEST

/* The server's end: a silent client is not read any more, a speaking one is. */
START_TEST(test_a_silent_client_is_ended_first)
{
    open_world(2, NULL);
    int silent = come(HELLO_PLAIN), speaking = come(HELLO_PLAIN);
    turns();
    peers_listen(&peers);
    say(speaking, PING);
    peers_end_silent(&peers);
    turns();
    ck_assert_uint_eq(peers.reading, 1);
    assert_heard(speaking, "pong");
    bool is_closed;
    heard(silent, &is_closed);
    ck_assert(is_closed);
    peers_end(&peers);
    ck_assert_uint_eq(peers.reading, 0);
    close_world();
}
END_TEST

/* --- what the daemon has of a peer --- */

START_TEST(test_events_to_come_keep_the_connection)
{
    open_world(1, NULL);
    int fd = greeted_client();
    busy = 1;
    say(fd, "{\"op\":\"bye\"}\n");
    turns();
    assert_heard(fd, "\"op\":\"bye\"");
    ck_assert_int_eq(only_peer()->state, PEER_ENDING);
    ck_assert_int_eq(only_peer()->end, PEER_END_BYE);
    busy = 0;
    peer_settle(only_peer());
    ck_assert_int_eq(only_peer()->state, PEER_LINGER);
    close(fd);
    turns();
    assert_no_peer();
    close_world();
}
END_TEST

START_TEST(test_the_end_and_the_release_go_in_batches)
{
    open_world(1, NULL);
    int fd = greeted_client();
    ends_to_come = 3;
    shutdown(fd, SHUT_WR);
    turn();
    ck_assert_uint_gt(ends_to_come, 0);
    turns();
    ck_assert_uint_eq(ends_to_come, 0);
    assert_no_peer();
    close(fd);
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
    assert_heard(fd, "there is no operation \\\"submit\\\" in this release");
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
    Suite *suite = suite_create("peer");
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
    tcase_add_test(tc, test_events_to_come_keep_the_connection);
    tcase_add_test(tc, test_the_end_and_the_release_go_in_batches);
    suite_add_tcase(suite, tc);
    tc = tcase_create("errors");
    tcase_add_loop_test(tc, test_every_fault_before_hello_is_fatal, 0, SUPPORT_COUNT(wrong_first));
    tcase_add_test(tc, test_an_error_is_told_behind_the_payload);
    tcase_add_test(tc, test_a_second_hello_is_refused_as_that);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
