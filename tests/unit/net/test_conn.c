/* test_conn: the ends of a connection, its share of a turn, and our own bugs. */
#include "tests/unit/net/conn_peer.h"

/* --- ends --- */

static const struct {
    const char *callback, *input, *told;
} closings[] = {
    {"header", "n\nn\nk3\nabc", "n0"},     {"header", "k3\nabcn\n", "k3"},
    {"message", "k3\nabcn\n", "k3 ="},     {"message", "d3\nabcn\nn\n", "d3 ="},
    {"header_too_long", NULL, "too-long"}, {"input_end", "n\nk5\nhel", "n0 k5 end"},
};

/* After conn_close() there are no callbacks, and the memory stays until the end of the turn. */
START_TEST(test_close_in_callback)
{
    char long_line[2 * HEADER_MAX];
    memset(long_line, 'n', sizeof long_line);
    close_in = closings[_i].callback;
    if (closings[_i].input)
        give(closings[_i].input, strlen(closings[_i].input));
    else
        give(long_line, sizeof long_line);
    hot_assert(shutdown(peer, SHUT_WR) == 0);
    for (int i = 0; i < 5 && conn_is_open(&conn); i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        ck_assert(!is_freed);
    }
    ck_assert_str_eq(short_news(), closings[_i].told);
    ck_assert(!conn_is_open(&conn));
    ck_assert_int_eq(conn.fd, -1);
    conn_loop_chores(&loop);
    ck_assert(is_freed);
    turn();
    ck_told("");
}
END_TEST

START_TEST(test_close_while_payload_arrives)
{
    give_text("k300000\n");
    give(pattern, 200000);
    settle();
    ck_assert_uint_gt(budget.held, 0);
    conn_close(&conn);
    conn_close(&conn); /* nothing happens */
    ck_assert_uint_eq(budget.held, 0);
    ck_assert(!is_freed);
    conn_loop_chores(&loop);
    ck_assert(is_freed);
}
END_TEST

static struct conn *victim;

static void close_victim(struct conn *c, char *data, size_t len)
{
    (void)data;
    tell("header%zu ", len);
    if (c != victim)
        conn_close(victim);
}

static void free_victim(struct conn *c)
{
    (void)c;
    tell("free ");
}

/* Both are ready in the same turn, and the first callback closes the other connection. */
START_TEST(test_close_another)
{
    static struct conn_ops closing;
    struct conn two[2];
    int peers[2];
    closing = ops;
    closing.header = close_victim;
    closing.free = free_victim;
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < 2; i++) {
            int fds[2];
            ck_assert_int_eq(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
            peers[i] = fds[1];
            ck_assert_int_eq(conn_open(&two[i], &loop, fds[0], &closing, &limits), 0);
            ck_assert_int_eq(send(peers[i], "n\n", 2, 0), 2);
        }
        victim = &two[order];
        event_base_loop(base, EVLOOP_NONBLOCK);
        ck_assert(!conn_is_open(victim));
        ck_assert(conn_is_open(&two[!order]));
        const char *got = news();
        ck_assert_msg(strcmp(got, "header2") == 0 || strcmp(got, "header2 header2") == 0, "%s",
                      got);
        conn_loop_chores(&loop);
        ck_told("free");
        conn_close(&two[!order]);
        conn_loop_chores(&loop);
        ck_told("free");
        close(peers[0]);
        close(peers[1]);
    }
}
END_TEST

/* The peer closes with unread bytes, and this is a reset. */
START_TEST(test_gone_by_reset)
{
    conn_write(&conn, "unread", 6);
    conn_flush(&conn);
    close(peer);
    peer = -1;
    turn();
    ck_told("gone");
    ck_assert(is_freed);
}
END_TEST

START_TEST(test_gone_by_write)
{
    give("n\n", 2);
    close(peer);
    peer = -1;
    conn_write(&conn, "to nobody", 9);
    conn_loop_chores(&loop);
    ck_told("gone"); /* its earlier bytes are of no use any more */
    ck_assert(is_freed);
}
END_TEST

/* A TCP connection with both its ends here. */
static void open_tcp(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&addr, len), 0);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    close(listener);
    is_freed = false;
    ck_assert_int_eq(conn_open(&conn, &loop, fd, &ops, &limits), 0);
}

/* Turns until `word` is in the record: on a TCP connection, the kernel takes a moment. */
static void wait_until_told(const char *word)
{
    const struct timeval second = {.tv_sec = 1};
    for (int seconds = 0; !strstr(told, word); seconds++) {
        ck_assert_msg(seconds < 10, "%s was not told within 10 s", word);
        event_base_loopexit(base, &second);
        event_base_loop(base, EVLOOP_ONCE);
        conn_loop_chores(&loop);
        told[told_len] = '\0';
    }
    told_len = 0;
    told[0] = '\0';
}

static void reset_peer(void)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    close(peer);
    peer = -1;
}

START_TEST(test_tcp_reset)
{
    shut();
    told[0] = '\0';
    open_tcp();
    reset_peer();
    wait_until_told("gone");
}
END_TEST

/* A half-closed connection is still watched, because its jobs are dropped after a reset. */
START_TEST(test_tcp_reset_behind_the_end)
{
    shut();
    told[0] = '\0';
    open_tcp();
    ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
    wait_until_told("end");
    reset_peer();
    wait_until_told("gone");
}
END_TEST

/* ... but does not keep the loop busy. */
START_TEST(test_half_closed_is_silent)
{
    give_end();
    ck_told("end");
    turn();
    timers.now_us = 0; /* an event would turn it to the real time */
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(timers.now_us, 0);
    conn_write(&conn, "answer", 6);
    conn_loop_chores(&loop);
    char answer[8];
    ck_assert_int_eq(read(peer, answer, sizeof answer), 6);
    timers.now_us = 0;
    turn(); /* its event was added anew, and may report once more */
    timers.now_us = 0;
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(timers.now_us, 0);
    ck_told("");
}
END_TEST

START_TEST(test_shut_output)
{
    char byte;
    conn_write(&conn, "bye", 3);
    conn_loop_chores(&loop);
    conn_shut_output(&conn);
    ck_assert_int_eq(read(peer, told, sizeof told), 3);
    ck_assert_int_eq(read(peer, &byte, 1), 0); /* the end */
    give_text("n\n");                          /* the other direction lives */
    ck_assert_int_eq(strncmp(news(), "n0", 2), 0);
}
END_TEST

static const char *const slow_inputs[] = {"n", "k100\nx", NULL};

START_TEST(test_close_in_slow)
{
    set_deadlines();
    small_buffers();
    close_in = "slow";
    if (slow_inputs[_i])
        give_text(slow_inputs[_i]);
    else
        fill_output(400000);
    short_news();
    timers_turn(&timers, timers.now_us + 3600 * UINT64_C(1000000));
    timers_run(&timers);
    ck_assert_int_eq(strncmp(news(), "slow-", 5), 0);
    ck_assert(!is_freed);
    conn_loop_chores(&loop);
    ck_assert(is_freed);
}
END_TEST

START_TEST(test_no_limits)
{
    small_buffers();
    give_text("k100\nx");
    fill_output(1000000);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    pass_ms(1000000000);
    ck_assert_str_eq(short_news(), "k100");
}
END_TEST

/* --- a connection's share of a turn --- */

START_TEST(test_share_of_messages)
{
    limits.turn_messages = 3;
    give("n\nn\nk2\nabn\nn\nn\nn\nn", 18);
    turn();
    ck_assert_str_eq(short_news(), "n0 n0 k2 =");
    ck_assert_int_eq(unread(), 0);
    turn();
    ck_assert_str_eq(short_news(), "n0 n0 n0");
    turn();
    ck_assert_str_eq(short_news(), "n0");
    ck_assert_ptr_null(conn.backlog);
    give_text("\n");
    ck_assert_str_eq(short_news(), "n0");
}
END_TEST

/* With many busy connections, each has a smaller share, and reads less. */
START_TEST(test_share_of_many)
{
    static char many[64 * 1024];
    memset(many, '\n', sizeof many);
    for (size_t i = 0; i < sizeof many; i += 2)
        many[i] = 'n';
    limits.turn_messages = 100;
    loop.backlogs = 16 * 9;
    give(many, 40 * 1024);
    turn();
    ck_assert_uint_eq(strlen(short_news()), strlen("n0 ") * 10 - 1);
    ck_assert_uint_eq(loop.backlogs, 16 * 9 + 1);
    ck_assert_uint_le(conn.backlog_len, 256 * 1024 / 10);
    loop.backlogs = 100000;
    turn();
    ck_assert_uint_eq(strlen(short_news()), strlen("n0 ") * 8 - 1); /* the least share */
    loop.backlogs = 1;
    conn_close(&conn);
    ck_assert_uint_eq(loop.backlogs, 0);
}
END_TEST

/* At every cut and every share, the messages are the same. */
START_TEST(test_share_at_every_byte)
{
    struct stream stream = small_stream();
    limits.turn_messages = (uint32_t)_i;
    for (size_t cut = 0; cut <= stream.len; cut += 3)
        cut_in_two(&stream, cut);
    free_stream(&stream);
}
END_TEST

/* Later input waits behind a backlog, and so does the end. */
START_TEST(test_share_keeps_the_order)
{
    limits.turn_messages = 1;
    shut();
    open_with(&ops_answering);
    give("a\nb\nc\n", 6);
    turn();
    ck_told("a");
    give("d\n", 2);
    give_end();
    settle();
    turn();
    ck_told("b c d end");
}
END_TEST

/* A short request may have a long answer: the share counts the output, too. */
START_TEST(test_share_of_output)
{
    shut();
    open_with(&ops_answering);
    limits.turn_output = 1000;
    give("a400\nb400\nc400\nd999\ne4000\nf1\n", 29);
    turn();
    ck_told("a b c");
    turn();
    ck_told("d e");
    turn();
    ck_told("f");
    ck_assert_uint_eq(take(sizeof taken), 400 + 400 + 400 + 999 + 4000 + 1);
}
END_TEST

/* A peer that does not read gets no answers, even if one read has brought many requests. */
START_TEST(test_pause_in_the_midst_of_a_read)
{
    shut();
    open_with(&ops_answering);
    small_buffers();
    limits.output_pause = 50000;
    for (int i = 0; i < 500; i++)
        give("a4000\n", 6);
    for (int i = 0; i < 1000; i++)
        turn();
    ck_assert(conn.output_paused);
    ck_assert_uint_le(conn.output_len, limits.output_pause + 4000);
    ck_assert_uint_lt(told_len, 2 * 100);
    do
        take_all();
    while (conn.backlog);
    ck_assert_uint_eq(told_len, 2 * 500);
    ck_assert_uint_eq(taken_len, 500 * 4000);
    ck_assert(!conn.output_paused);
}
END_TEST

/* The deadline of a header does not count unhandled bytes. */
START_TEST(test_share_and_deadline)
{
    limits.turn_messages = 1;
    limits.header_timeout_ms = 100;
    give("n\nn\nn", 5);
    turn();
    ck_assert(!timer_is_set(&conn.input_timer));
    timers_turn(&timers, timers.now_us + 1000000);
    turn();
    turn();
    ck_assert(timer_is_set(&conn.input_timer));
    ck_assert_str_eq(short_news(), "n0 n0");
    pass_ms(101);
    ck_told("slow-header");
}
END_TEST

/* A close in the midst of a backlog drops the rest. */
START_TEST(test_share_and_close)
{
    limits.turn_messages = 1;
    give("n\nn\nn\nn\n", 8);
    turn();
    ck_assert_ptr_nonnull(conn.backlog);
    if (_i == 0)
        conn_ignore_input(&conn);
    else if (_i == 1)
        ignore_in = "header";
    else
        close_in = "header";
    turn();
    ck_assert_ptr_null(conn.backlog);
    ck_assert_int_eq(conn_is_open(&conn), _i < 2);
    ck_assert_str_eq(short_news(), _i ? "n0 n0" : "n0");
    turn();
    ck_told("");
}
END_TEST

/* A deadline or a death counts only after all input is handled. */
START_TEST(test_share_and_read_now)
{
    limits.turn_messages = 1;
    give("n\nn\nn\nk1\na", 10);
    conn_read_now(&conn, 0);
    ck_assert_str_eq(short_news(), "n0 n0 n0 k1 =");
}
END_TEST

/* --- our own bugs --- */

START_TEST(test_shut_with_output)
{
    hush();
    conn_write(&conn, "abc", 3);
    conn_shut_output(&conn);
}
END_TEST

START_TEST(test_expect_nothing)
{
    hush();
    conn_expect(&conn, 0, true, false);
}
END_TEST

START_TEST(test_expect_twice)
{
    hush();
    conn_expect(&conn, 1, true, false);
    conn_expect(&conn, 1, true, false);
}
END_TEST

START_TEST(test_room_when_closed)
{
    hush();
    conn_close(&conn);
    conn_room(&conn, 1);
}
END_TEST

static void do_not_close(struct conn *c, const char *why)
{
    (void)c;
    (void)why;
}

START_TEST(test_gone_must_close)
{
    static struct conn_ops lazy;
    hush();
    lazy = ops;
    lazy.gone = do_not_close;
    shut();
    open_with(&lazy);
    conn_write(&conn, "unread", 6);
    conn_flush(&conn);
    close(peer);
    turn();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn");
    TCase *tc;
    tc = new_case(suite, "ends");
    tcase_add_loop_test(tc, test_close_in_callback, 0, SUPPORT_COUNT(closings));
    tcase_add_test(tc, test_close_while_payload_arrives);
    tcase_add_test(tc, test_close_another);
    tcase_add_test(tc, test_gone_by_reset);
    tcase_add_test(tc, test_gone_by_write);
    tcase_add_test(tc, test_tcp_reset);
    tcase_add_test(tc, test_tcp_reset_behind_the_end);
    tcase_add_test(tc, test_half_closed_is_silent);
    tcase_add_test(tc, test_shut_output);

    tc = new_case(suite, "close while slow");
    tcase_add_loop_test(tc, test_close_in_slow, 0, 3);

    tc = new_case(suite, "no limits");
    tcase_add_test(tc, test_no_limits);

    tc = new_case(suite, "share");
    tcase_add_test(tc, test_share_of_messages);
    tcase_add_test(tc, test_share_of_many);
    tcase_add_loop_test(tc, test_share_at_every_byte, 1, 4);
    tcase_add_test(tc, test_share_keeps_the_order);
    tcase_add_test(tc, test_share_of_output);
    tcase_add_test(tc, test_pause_in_the_midst_of_a_read);
    tcase_add_test(tc, test_share_and_deadline);
    tcase_add_loop_test(tc, test_share_and_close, 0, 3);
    tcase_add_test(tc, test_share_and_read_now);

    tc = new_case(suite, "own bugs");
    tcase_add_test_raise_signal(tc, test_shut_with_output, SIGABRT);
    tcase_add_test_raise_signal(tc, test_expect_nothing, SIGABRT);
    tcase_add_test_raise_signal(tc, test_expect_twice, SIGABRT);
    tcase_add_test_raise_signal(tc, test_room_when_closed, SIGABRT);
    tcase_add_test_raise_signal(tc, test_gone_must_close, SIGABRT);
    return run_suite(suite);
}
