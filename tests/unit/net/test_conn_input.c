/* test_conn_input: a connection reads messages in any pieces, within their deadlines. */
#include "tests/unit/net/conn_peer.h"

START_TEST(test_small_at_every_byte)
{
    struct stream stream = small_stream();
    for (size_t cut = 0; cut <= stream.len; cut++)
        cut_in_two(&stream, cut);
    free_stream(&stream);
}
END_TEST

/* There is memory for about a byte: every kept payload is dropped, and later messages are intact.
 */
START_TEST(test_over_budget_at_every_byte)
{
    budget.max = 50;
    struct stream stream = small_stream();
    ck_assert_ptr_nonnull(strstr(stream.expected, "=over"));
    for (size_t cut = 0; cut <= stream.len; cut++)
        cut_in_two(&stream, cut);
    free_stream(&stream);
}
END_TEST

/* Cuts at the ends of headers and payloads, at the ends of reads and parts, and anywhere. */
static void cut_large(const struct stream *stream)
{
    struct chance chance;
    chance_init(&chance, "frame");
    for (size_t i = 0; i < stream->edge_count; i++)
        for (size_t cut = stream->edges[i] - 2; cut <= stream->edges[i] + 2; cut++)
            if (cut <= stream->len)
                cut_in_two(stream, cut);
    for (size_t at = 4096; at < stream->len; at *= 2)
        for (size_t cut = at - 1; cut <= at + 1; cut++)
            cut_in_two(stream, cut);
    for (int i = 0; i < 100; i++)
        cut_in_two(stream, chance_below(&chance, stream->len));
}

START_TEST(test_large_at_chosen_places)
{
    struct stream stream = large_stream();
    cut_large(&stream);
    free_stream(&stream);
}
END_TEST

/* The budget ends in the midst of a payload: its held bytes are free again at once. */
START_TEST(test_large_over_budget)
{
    budget.max = BIG / 2;
    struct stream stream = large_stream();
    ck_assert_ptr_nonnull(strstr(stream.expected, "=over"));
    cut_large(&stream);
    free_stream(&stream);
}
END_TEST

/* The number of whole headers and payloads of the stream. */
static size_t whole_in(const struct stream *stream, size_t len)
{
    size_t whole = 0;
    while (whole < stream->edge_count && stream->edges[whole] <= len)
        whole++;
    return whole;
}

static size_t words(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += text[i] == ' ';
    return count;
}

/* Each message is told with its last byte. */
START_TEST(test_in_pieces)
{
    static const size_t sizes[] = {1, 2, 3, 5, 7, 11, 101, 1009, 4096, 10007};
    struct stream stream = small_stream();
    size_t step = sizes[_i], at = 0;
    while (at < stream.len) {
        size_t n = at + step < stream.len ? step : stream.len - at;
        give(stream.bytes + at, n);
        settle();
        at += n;
        hot_assert_msg(words(told, told_len) == whole_in(&stream, at), "at %zu: %.*s", at,
                       (int)told_len, told);
    }
    check_whole(&stream, step);
    free_stream(&stream);
}
END_TEST

/* The death of a worker, or a deadline, reads all input at once, without the loop. */
START_TEST(test_read_now)
{
    struct stream stream = small_stream();
    for (size_t cut = 0; cut <= stream.len; cut += 13) {
        give(stream.bytes, cut);
        conn_read_now(&conn, 0);
        hot_assert(unread() == 0);
        give(stream.bytes + cut, stream.len - cut);
        conn_read_now(&conn, 0);
        check_whole(&stream, cut);
        shut();
        open_with(&ops);
    }
    free_stream(&stream);
}
END_TEST

START_TEST(test_read_now_to_the_end)
{
    give("n\nk5\nhello", 10);
    ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
    conn_read_now(&conn, 1);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "=5#"));
    ck_assert_ptr_nonnull(strstr(got, " end"));
    conn_read_now(&conn, 1); /* once */
    turn();
    ck_told("");
}
END_TEST

static size_t fill_input(void)
{
    size_t sent = 0;
    int room = 4 * 1024 * 1024;
    setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    while (send(peer, "n\n", 2, MSG_NOSIGNAL) == 2 && sent < 100000)
        sent += 2;
    return sent;
}

/* It reads any amount of input: a dead worker may have sent results long ago. */
START_TEST(test_read_now_reads_all_that_has_arrived)
{
    size_t sent = fill_input();
    ck_assert_int_eq(unread(), (int)sent);
    conn_read_now(&conn, 0);
    ck_assert_int_eq(unread(), 0);
}
END_TEST

/* The peer sends another message for each one read. */
static void say_more(struct conn *c, char *data, size_t len)
{
    (void)c;
    (void)data;
    (void)len;
    hot_assert(send(peer, "n\n", 2, MSG_NOSIGNAL) == 2);
    tell("n ");
}

START_TEST(test_read_now_is_not_held_by_a_peer_that_goes_on)
{
    static struct conn_ops endless;
    endless = ops;
    endless.header = say_more;
    shut();
    open_with(&endless);
    give("n\n", 2);
    conn_read_now(&conn, 5);
    ck_told("n n n n");
    ck_assert_int_eq(unread(), 2);
}
END_TEST

START_TEST(test_a_thousand_in_one_write)
{
    char requests[16 * 1000], *at = requests;
    for (int i = 0; i < 1000; i++)
        at += sprintf(at, "k3\n%03d", i);
    give(requests, (size_t)(at - requests));
    settle();
    const char *got = news();
    size_t messages = 0;
    for (; (got = strstr(got, "=3#")); got++)
        messages++;
    ck_assert_uint_eq(messages, 1000);
}
END_TEST

/* --- headers without end --- */

START_TEST(test_header_of_4096)
{
    char line[HEADER_MAX + 1];
    memset(line, 'n', sizeof line);
    line[HEADER_MAX - 1] = '\n';
    for (size_t cut = 0; cut < HEADER_MAX; cut++) {
        give(line, cut);
        settle();
        hot_assert(told_len == 0);
        give(line + cut, HEADER_MAX - cut);
        settle();
        hot_assert(strncmp(news(), "n0+4096#", 8) == 0);
    }
}
END_TEST

/* One byte more, at every cut: reported once, and with the 4,096th byte. */
START_TEST(test_header_of_4097)
{
    char line[HEADER_MAX + 1];
    memset(line, 'n', sizeof line);
    line[HEADER_MAX] = '\n';
    ignore_in = "header_too_long";
    for (size_t cut = 0; cut <= sizeof line; cut++) {
        give(line, cut);
        settle();
        hot_assert((told_len == 0) == (cut < HEADER_MAX));
        give(line + cut, sizeof line - cut);
        settle();
        give_end();
        hot_assert(strcmp(news(), "too-long end") == 0);
        shut();
        open_with(&ops);
    }
}
END_TEST

START_TEST(test_no_lf_ever)
{
    char piece[4096];
    memset(piece, '[', sizeof piece);
    ignore_in = "header_too_long";
    for (size_t sent = 0; sent < 5 * 1024 * 1024; sent += sizeof piece)
        give(piece, sizeof piece);
    settle();
    ck_told("too-long");
    ck_assert_ptr_null(conn.partial);
    give_end();
    ck_told("end");
}
END_TEST

/* --- the end in the midst of a message, and ignored input --- */

START_TEST(test_end_in_the_midst)
{
    struct stream stream = new_stream();
    add_message(&stream, 'n', 0, 20, false);
    add_message(&stream, 'k', 30, 0, false);
    add_message(&stream, 'd', 10, 0, true);
    for (size_t cut = 0; cut <= stream.len; cut++) {
        give(stream.bytes, cut);
        give_end();
        turn();
        const char *got = news();
        hot_assert_msg(words(got, strlen(got)) == whole_in(&stream, cut), "cut at %zu: %s", cut,
                       got);
        hot_assert(strcmp(got + strlen(got) - 3, "end") == 0);
        shut();
        hot_assert(budget.held == 0);
        open_with(&ops);
    }
    free_stream(&stream);
}
END_TEST

START_TEST(test_ignored_from_a_header_on)
{
    ignore_in = "header";
    give_text("k5\nhellon\nk3\nabc");
    ck_assert_int_eq(strncmp(news(), "k5+3#", 5), 0);
    give_text("n\n");
    ck_told("");
    give_end(); /* the end is still told */
    ck_told("end");
}
END_TEST

START_TEST(test_ignored_from_a_message_on)
{
    ignore_in = "message";
    give_text("k5\nhellon\nn\n");
    ck_assert_ptr_null(strstr(news(), "n0"));
    give_end();
    ck_told("end");
}
END_TEST

START_TEST(test_ignored_while_a_payload_arrives)
{
    give_text("k5000\nhello");
    ck_assert_uint_gt(budget.held, 0);
    news();
    conn_ignore_input(&conn);
    ck_assert_uint_eq(budget.held, 0);
    give_text("and more, n\nn\n");
    ck_told("");
    give_end();
    ck_told("end");
}
END_TEST

/* A peer may be silent for ever: between messages no clock runs. */
START_TEST(test_silence)
{
    set_deadlines();
    pass_ms(3600000);
    give_text("n\nk3\nabc");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    pass_ms(3600000);
    ck_assert_str_eq(short_news(), "n0 k3 =");
}
END_TEST

START_TEST(test_header_deadline)
{
    set_deadlines();
    give_text("n");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 10000 * 1000);
    pass_us(9999999);
    ck_told("");
    pass_us(1);
    ck_told("slow-header");
}
END_TEST

/* The deadline is absolute: a byte now and then does not move it. */
START_TEST(test_header_deadline_trickle)
{
    set_deadlines();
    for (int i = 0; i < 9; i++) {
        give_text("n");
        pass_ms(1000);
    }
    ck_told("");
    give_text("n");
    pass_ms(1000);
    ck_told("slow-header");
}
END_TEST

START_TEST(test_header_in_time)
{
    set_deadlines();
    give_text("n");
    pass_ms(9999);
    give_text("\nn"); /* whole, and the next has begun */
    ck_assert_str_eq(short_news(), "n0");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 10000 * 1000);
    pass_ms(9999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-header");
}
END_TEST

START_TEST(test_payload_deadline)
{
    set_deadlines();
    give_text("k");
    pass_ms(9000);
    give_text("100\n");
    ck_assert_str_eq(short_news(), "k100");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 30000 * 1000);
    for (int i = 0; i < 29; i++) {
        give_text("x");
        pass_ms(1000);
    }
    ck_told("");
    pass_ms(1000);
    ck_told("slow-payload");
}
END_TEST

/* Discarded payloads have the same deadline, and so have large ones, which are read straight into
 * place. */
START_TEST(test_payload_deadline_kinds)
{
    set_deadlines();
    give_text(_i ? "d300000\n" : "k300000\n");
    short_news();
    for (int i = 0; i < 29; i++) {
        give(pattern, 10000);
        settle();
        pass_ms(1000);
    }
    ck_told("");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 1000 * 1000);
    give(pattern, 10000);
    settle();
    ck_assert_str_eq(short_news(), "=");
    pass_ms(3600000);
    ck_told("");
}
END_TEST

/* A deadline judges the peer: arrived bytes count, even if they are unread. */
START_TEST(test_deadline_with_unread_input)
{
    set_deadlines();
    give_text("n");
    give("\n", 1);
    timers_turn(&timers, timers.now_us + 20000 * 1000);
    timers_run(&timers);
    ck_told("");
    settle();
    ck_assert_str_eq(short_news(), "n0");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

/* ... but an incomplete message does not move the deadline for ever. */
START_TEST(test_deadline_with_unread_input_incomplete)
{
    set_deadlines();
    give_text("n");
    give("n", 1);
    timers_turn(&timers, timers.now_us + 20000 * 1000);
    timers_run(&timers);
    ck_told("");
    settle();
    pass_ms(1000);
    ck_told("slow-header");
}
END_TEST

/* While reading is paused, the peer's clock stands still; then the rest of the time runs. */
START_TEST(test_clock_stands_still)
{
    bool payload = _i == 1;
    set_deadlines();
    limits.output_timeout_ms = 0;
    limits.output_pause = 50000;
    small_buffers();
    give_text(payload ? "k100\nx" : "n");
    short_news();
    pass_ms(4000);
    fill_output(400000);
    ck_assert(conn.output_paused);
    pass_ms(3600000);
    pass_ms(3600000);
    ck_told("");
    take_all();
    ck_assert_uint_eq(timers_next(&timers),
                      timers.now_us + (payload ? 26000 : 6000) * UINT64_C(1000));
    pass_ms(payload ? 25999 : 5999);
    ck_told("");
    pass_ms(1);
    ck_told(payload ? "slow-payload" : "slow-header");
}
END_TEST

/* The clock also stands still if it starts during a pause, by a read outside the loop. */
START_TEST(test_clock_starts_standing_still)
{
    set_deadlines();
    limits.output_timeout_ms = 0;
    limits.output_pause = 50000;
    small_buffers();
    fill_output(400000);
    give("n", 1);
    conn_read_now(&conn, 0);
    pass_ms(3600000);
    ck_told("");
    take_all();
    pass_ms(9999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-header");
}
END_TEST

/* Over many pauses, only the times of reading count. */
START_TEST(test_clock_stands_still_often)
{
    set_deadlines();
    limits.output_timeout_ms = 0;
    limits.output_pause = 50000;
    small_buffers();
    give_text("n");
    for (int i = 0; i < 9; i++) {
        pass_ms(1000);
        fill_output(400000);
        pass_ms(100000);
        taken_len = 0;
        take_all();
        ck_assert_uint_eq(taken_len, 400000);
    }
    pass_ms(999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-header");
}
END_TEST

START_TEST(test_deadline_ends_with_the_input)
{
    set_deadlines();
    give_text("k100\nx");
    give_end();
    ck_assert_str_eq(short_news(), "k100 end");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

START_TEST(test_deadline_ends_with_ignoring)
{
    set_deadlines();
    give_text("n");
    conn_ignore_input(&conn);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    give_text("n");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_input");
    TCase *tc;
    tc = new_case(suite, "cut");
    tcase_add_test(tc, test_small_at_every_byte);
    tcase_add_test(tc, test_over_budget_at_every_byte);
    tcase_add_test(tc, test_large_at_chosen_places);
    tcase_add_test(tc, test_large_over_budget);
    tcase_add_loop_test(tc, test_in_pieces, 0, 10);
    tcase_add_test(tc, test_read_now);
    tcase_add_test(tc, test_read_now_to_the_end);
    tcase_add_test(tc, test_read_now_reads_all_that_has_arrived);
    tcase_add_test(tc, test_read_now_is_not_held_by_a_peer_that_goes_on);
    tcase_add_test(tc, test_a_thousand_in_one_write);
    tcase_add_test(tc, test_header_of_4096);
    tcase_add_test(tc, test_header_of_4097);
    tcase_add_test(tc, test_no_lf_ever);
    tcase_add_test(tc, test_end_in_the_midst);
    tcase_add_test(tc, test_ignored_from_a_header_on);
    tcase_add_test(tc, test_ignored_from_a_message_on);
    tcase_add_test(tc, test_ignored_while_a_payload_arrives);

    tc = new_case(suite, "deadlines");
    tcase_add_test(tc, test_silence);
    tcase_add_test(tc, test_header_deadline);
    tcase_add_test(tc, test_header_deadline_trickle);
    tcase_add_test(tc, test_header_in_time);
    tcase_add_test(tc, test_payload_deadline);
    tcase_add_loop_test(tc, test_payload_deadline_kinds, 0, 2);
    tcase_add_test(tc, test_deadline_with_unread_input);
    tcase_add_test(tc, test_deadline_with_unread_input_incomplete);
    tcase_add_loop_test(tc, test_clock_stands_still, 0, 2);
    tcase_add_test(tc, test_clock_starts_standing_still);
    tcase_add_test(tc, test_clock_stands_still_often);
    tcase_add_test(tc, test_deadline_ends_with_the_input);
    tcase_add_test(tc, test_deadline_ends_with_ignoring);
    return run_suite(suite);
}
