/* test_conn_interest: a connection is not read while its owner holds the input. */
#include "tests/unit/net/conn_peer.h"

static bool holds; /* the owner has no room: it holds the input at the next header */

static void on_header_or_hold(struct conn *c, char *data, size_t len)
{
    if (!holds) {
        on_header(c, data, len);
        return;
    }
    conn_hold_input(c);
    tell("held ");
}

static const struct conn_ops holding = {PEER_OPS, .header = on_header_or_hold};

static void open_holding(bool hold)
{
    shut();
    open_with(&holding);
    holds = hold;
}

static void turns(int count)
{
    while (count--)
        turn();
}

static void release(void)
{
    holds = false;
    conn_release_input(&conn);
    ck_told(""); /* nothing is called in the call */
}

/* The refused header comes again, and nothing is lost. */
START_TEST(test_a_refused_header_comes_again)
{
    open_holding(true);
    give("k3\nabcn\n", 8);
    turns(5);
    ck_told("held");
    release();
    settle();
    ck_assert_str_eq(short_news(), "k3 = n0");
}
END_TEST

/* Wherever the stream is cut and held, its messages are the same. */
START_TEST(test_held_at_every_byte)
{
    struct stream stream = small_stream();
    for (size_t cut = 0; cut < stream.len; cut += _i ? 7 : 1) {
        open_holding(false);
        conn_meter_input(&conn, _i ? 8192 : 0);
        give(stream.bytes, cut);
        settle();
        conn_hold_input(&conn);
        give(stream.bytes + cut, stream.len - cut);
        turns(3);
        conn_release_input(&conn);
        settle();
        check_whole(&stream, cut);
    }
    free_stream(&stream);
}
END_TEST

/* A hold outside of a callback stops reading at once, and is over when it is released. */
START_TEST(test_a_hold_is_not_read)
{
    open_holding(false);
    conn_hold_input(&conn);
    give("n\n", 2);
    turns(5);
    ck_told("");
    ck_assert_int_eq(unread(), 2);
    ck_assert(!(conn.interest & EV_READ)); /* the loop does not spin */
    release();
    settle();
    ck_assert_str_eq(short_news(), "n0");
    ck_assert(conn.interest & EV_READ);
}
END_TEST

/* A hold that is over before input is ready costs no change of the event. */
START_TEST(test_a_short_hold)
{
    open_holding(false);
    conn_hold_input(&conn);
    turn();
    ck_assert(conn.interest & EV_READ);
    release();
    conn_release_input(&conn); /* once more does nothing */
    give_text("n\n");
    ck_assert_str_eq(short_news(), "n0");
}
END_TEST

/* Others may have taken the room between a release and the next turn. That is no end of input. */
START_TEST(test_held_again)
{
    open_holding(true);
    give("n\nn\n", 4);
    turns(2);
    ck_told("held");
    for (int i = 0; i < 3; i++) {
        conn_release_input(&conn);
        turns(2);
        ck_told("held");
        ck_assert(!conn.input_ended);
    }
    release();
    settle();
    ck_assert_str_eq(short_news(), "n0 n0");
}
END_TEST

START_TEST(test_read_now_stops_at_a_hold)
{
    open_holding(true);
    give("n\nn\n", 4);
    conn_read_now(&conn, 1000);
    ck_told("held");
    conn_read_now(&conn, 1000);
    ck_told("");
    release();
    conn_read_now(&conn, 1000);
    ck_assert_str_eq(short_news(), "n0 n0");
}
END_TEST

START_TEST(test_ignoring_ends_a_hold)
{
    open_holding(true);
    give("n\n", 2);
    turns(2);
    ck_told("held");
    conn_ignore_input(&conn);
    give_end();
    turns(3);
    ck_told("end");
}
END_TEST

START_TEST(test_closed_while_held)
{
    open_holding(true);
    give("n\nn\n", 4);
    turns(2);
    ck_told("held");
}
END_TEST

/* The end of held input is told only to an owner that watches for it. */
START_TEST(test_end_while_held)
{
    open_holding(true);
    if (_i)
        conn_watch_end(&conn);
    give("n\nn\n", 4);
    turns(2);
    ck_told("held");
    give("n\n", 2);
    turns(2);
    ck_told("");
    give_end();
    turns(3);
    ck_told(_i ? "gone" : "");
}
END_TEST

/* The peer closes with unread bytes: a reset. */
START_TEST(test_reset_while_held)
{
    open_holding(true);
    conn_watch_end(&conn);
    conn_write(&conn, "unread", 6);
    give("n\nn\n", 4);
    turns(2);
    ck_told("held");
    close(peer);
    peer = -1;
    turns(3);
    ck_told("gone");
}
END_TEST

/* Behind a metered payload little is read, and without one no more than the meter. */
START_TEST(test_a_held_metered_input_takes_little_memory)
{
    char small[40000];
    open_holding(true);
    conn_meter_input(&conn, 8192);
    memset(small, ' ', sizeof small);
    for (size_t end = 999; end < sizeof small; end += 1000)
        small[end] = '\n';
    give(small, sizeof small);
    turns(3);
    ck_told("held");
    ck_assert_uint_le(conn.backlog_len, 8192);
    ck_assert_int_ge(unread(), 40000 - 8192);
    release();
    settle();
    news();

    struct stream stream = new_stream();
    add_message(&stream, 'f', 100000, 0, false);
    add_message(&stream, 'f', 100000, 0, false);
    give(stream.bytes, stream.edges[0] + 5);
    turns(3);
    holds = true; /* at the second header */
    give(stream.bytes + stream.edges[0] + 5, stream.len - stream.edges[0] - 5);
    turns(20);
    ck_assert_str_eq(short_news(), "f100000 = held");
    ck_assert_uint_le(conn.backlog_len, 256);
    ck_assert_uint_eq(output.held, 0);
    release();
    settle();
    ck_assert_str_eq(short_news(), "f100000 =");
    free_stream(&stream);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_interest");
    TCase *tc = new_case(suite, "hold");
    tcase_add_test(tc, test_a_refused_header_comes_again);
    tcase_add_loop_test(tc, test_held_at_every_byte, 0, 2);
    tcase_add_test(tc, test_a_hold_is_not_read);
    tcase_add_test(tc, test_a_short_hold);
    tcase_add_test(tc, test_held_again);
    tcase_add_test(tc, test_read_now_stops_at_a_hold);
    tcase_add_test(tc, test_ignoring_ends_a_hold);
    tcase_add_test(tc, test_closed_while_held);
    tcase_add_loop_test(tc, test_end_while_held, 0, 2);
    tcase_add_test(tc, test_reset_while_held);
    tcase_add_test(tc, test_a_held_metered_input_takes_little_memory);
    return run_suite(suite);
}
