/* test_conn_output: a connection writes its output, and watches a peer that does not read. */
#include "tests/unit/net/conn_peer.h"

START_TEST(test_nothing_is_sent_before_the_chores)
{
    conn_write(&conn, "abc", 3);
    ck_assert_uint_eq(conn.output_len, 3);
    ck_assert_uint_eq(take(10), 0);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(take(10), 0);
    conn_loop_chores(&loop);
    ck_assert_uint_eq(take(10), 3);
    ck_assert_uint_eq(conn.output_len, 0);
}
END_TEST

START_TEST(test_room_is_written_in_place)
{
    for (int i = 0; i < 3000; i++) { /* too much for one piece */
        char *room = conn_room(&conn, HEADER_MAX);
        conn_commit(&conn, (size_t)sprintf(room, "%d\n", i));
    }
    take_all();
    char *at = taken;
    for (long i = 0; i < 3000; i++) {
        hot_assert(strtol(at, &at, 10) == i && *at == '\n');
        at++;
    }
    ck_assert_ptr_eq(at, taken + taken_len);
}
END_TEST

/* Bytes and payloads of every size keep their order, and arrive whole. */
START_TEST(test_order)
{
    static const size_t sizes[] = {0,     1,      100, CONN_COPY_MAX, CONN_COPY_MAX + 1, 65536,
                                   70000, 300000, 5,   100000};
    size_t expected = 0;
    if (_i)
        small_buffers();
    for (size_t i = 0; i < SUPPORT_COUNT(sizes); i++) {
        struct payload *payload = payload_new(&budget, sizes[i] ? sizes[i] : 1, 1, false);
        payload->size = sizes[i];
        payload_append(payload, pattern + expected, sizes[i]); /* many parts */
        conn_write_payload(&conn, payload);
        payload_unref(payload);
        expected += sizes[i];
        conn_write(&conn, pattern + expected, i * 1000);
        expected += i * 1000;
        ck_assert_uint_eq(conn.output_len, expected);
    }
    take_all();
    ck_assert_uint_eq(taken_len, expected);
    ck_assert(memcmp(taken, pattern, expected) == 0);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* A large payload is sent without a copy, and held until then. A small one is copied. */
START_TEST(test_by_reference)
{
    struct payload *small = payload_from(&budget, pattern, CONN_COPY_MAX);
    struct payload *large = payload_from(&budget, pattern, CONN_COPY_MAX + 1);
    conn_write_payload(&conn, small);
    conn_write_payload(&conn, large);
    ck_assert_uint_eq(small->refs, 1);
    ck_assert_uint_eq(large->refs, 2);
    payload_unref(small);
    conn_loop_chores(&loop);
    ck_assert_uint_eq(large->refs, 1);
    conn_write_payload(&conn, large);
    conn_write_payload(&conn, large);
    ck_assert_uint_eq(large->refs, 3);
    conn_close(&conn);
    ck_assert_uint_eq(large->refs, 1);
    payload_unref(large);
}
END_TEST

/* An empty payload, and a closed connection: nothing happens. */
START_TEST(test_nothing_to_write)
{
    struct payload *payload = payload_from(&budget, "", 0);
    conn_write_payload(&conn, payload);
    payload_unref(payload);
    conn_write(&conn, "", 0);
    ck_assert_uint_eq(conn.output_len, 0);
    conn_close(&conn);
    payload = payload_from(&budget, pattern, 100000);
    conn_write(&conn, "abc", 3);
    conn_write_payload(&conn, payload);
    payload_unref(payload);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* The peer reads a little at a time. Its bytes are right at each moment. */
START_TEST(test_slow_reader)
{
    struct chance chance;
    size_t expected = 0;
    chance_init(&chance, "frame");
    shut();
    open_with(&ops_flushed);
    small_buffers();
    while (expected < 1500000) {
        size_t size = chance_below(&chance, chance_percent(&chance, 70) ? 2000 : 60000);
        struct payload *payload = payload_from(&budget, pattern + expected, size);
        if (chance_percent(&chance, 50))
            conn_write(&conn, pattern + expected, size);
        else
            conn_write_payload(&conn, payload);
        payload_unref(payload);
        expected += size;
    }
    for (int turns = 0; conn.output_len; turns++) {
        turn();
        ck_assert(turns < TURNS_MAX);
        hot_assert(conn.output_len == 0 || strcmp(news(), "") == 0);
        take(1 + chance_below(&chance, 20000));
        hot_assert(memcmp(taken, pattern, taken_len) == 0);
    }
    ck_told("flushed");
    while (take(sizeof taken - taken_len))
        ;
    ck_assert_uint_eq(taken_len, expected);
    ck_assert(memcmp(taken, pattern, expected) == 0);
}
END_TEST

/* All output, copied bytes included, is charged until the peer has read it. */
START_TEST(test_output_is_charged)
{
    small_buffers();
    for (int i = 0; i < 50; i++) {
        taken_len = 0;
        (i % 2 ? fill_output : fill_copied)(90000);
        ck_assert_uint_ge(output.held, conn.output_len);
        ck_assert_uint_le(output.held, conn.output_len + 90000);
        take_all();
        ck_assert_uint_eq(taken_len, 90000);
        ck_assert_uint_eq(output.held, 0);
    }
    fill_copied(90000); /* ... or is gone */
    ck_assert_uint_gt(output.held, 0);
    conn_close(&conn);
    ck_assert_uint_eq(output.held, 0);
    ck_told("");
}
END_TEST

/* Forced payloads are output from their first byte on. */
START_TEST(test_forced_is_output)
{
    budget.max = 50;
    give_text("f1000\n");
    give(pattern, 500);
    settle();
    ck_assert_uint_eq(output.held, 1000);
    ck_assert_uint_eq(budget.held, 0);
    give(pattern, 500);
    settle();
    ck_assert_uint_eq(output.held, 0);
    ck_assert_ptr_null(strstr(news(), "over"));
}
END_TEST

/* A half-arrived payload is dropped if its memory is needed. Its end reports so, and later messages
 * are intact. */
START_TEST(test_half_there_is_given_up)
{
    budget.max = 10000;
    give_text("k9000\n");
    give(pattern, 6000);
    settle();
    news();
    struct payload *other = payload_new(&budget, 5000, 5000, false);
    ck_assert_ptr_nonnull(other);
    ck_assert_uint_eq(budget.held, 5000);
    give(pattern, 2999);
    settle();
    ck_told("");
    give(pattern, 1);
    give_text("k3\nabcn\n");
    settle();
    ck_assert_int_eq(strncmp(news(), "=over k3+", 9), 0);
    payload_unref(other);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* The connection does not read from a peer that does not read. */
START_TEST(test_pause)
{
    small_buffers();
    limits.output_pause = 50000;
    fill_output(400000);
    ck_assert(conn.output_paused);
    give_text("n\nk3\nabc");
    for (int i = 0; i < 10; i++)
        turn();
    ck_told("");
    ck_assert_int_eq(unread(), 8);
    take_all();
    ck_assert(!conn.output_paused);
    settle();
    ck_assert_str_eq(short_news(), "n0 k3 =");
    ck_assert_uint_eq(taken_len, 400000);
    ck_assert(memcmp(taken, pattern, taken_len) == 0);
}
END_TEST

START_TEST(test_no_pause_below)
{
    small_buffers();
    limits.output_pause = 500000;
    fill_output(400000);
    ck_assert_uint_gt(conn.output_len, 0);
    give_text("n\n");
    ck_assert_str_eq(short_news(), "n0");
}
END_TEST

/* A paused connection does not see the end of input, and loses none of the input before. */
START_TEST(test_pause_and_end)
{
    small_buffers();
    limits.output_pause = 50000;
    fill_output(400000);
    give("n\n", 2);
    give_end();
    ck_told("");
    take_all();
    settle();
    turn();
    ck_assert_str_eq(short_news(), "n0 end");
}
END_TEST

START_TEST(test_close_in_flushed)
{
    shut();
    open_with(&ops_flushed);
    close_in = "flushed";
    conn_write(&conn, "last words", 10);
    conn_loop_chores(&loop);
    ck_told("flushed");
    ck_assert(is_freed);
    ck_assert_uint_eq(take(100), 10);
}
END_TEST

START_TEST(test_output_deadline)
{
    set_deadlines();
    small_buffers();
    fill_output(400000);
    pass_ms(59999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-output");
}
END_TEST

/* The deadline is for a peer that reads nothing: each byte read moves the deadline. */
START_TEST(test_output_deadline_progress)
{
    set_deadlines();
    small_buffers();
    fill_output(400000);
    while (conn.output_len) {
        pass_ms(59999);
        hot_assert(told_len == 0);
        size_t before = conn.output_len;
        for (int i = 0; i < 1000 && conn.output_len == before; i++) {
            take(1000); /* until there is room for the kernel to report */
            turn();
        }
        hot_assert(conn.output_len < before);
    }
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    pass_ms(3600000);
    ck_told("");
}
END_TEST

/* --- both directions at once: an echo --- */

static void echo_message(struct conn *c, struct payload *payload, bool over_budget)
{
    char header[32];
    hot_assert(payload && !over_budget);
    int n = sprintf(header, "k%zu\n", payload->size);
    conn_write(c, header, (size_t)n);
    conn_write_payload(c, payload);
    payload_unref(payload);
}

static void echo_header(struct conn *c, char *data, size_t len)
{
    (void)len;
    conn_expect(c, strtoul(data + 1, NULL, 10), true, false);
}

START_TEST(test_echo)
{
    static struct conn_ops echo;
    struct chance chance;
    struct stream stream = new_stream();
    size_t given = 0;
    echo = ops;
    echo.header = echo_header;
    echo.message = echo_message;
    chance_init(&chance, "frame");
    while (stream.len < 1500000) {
        size_t size = 1 + chance_below(&chance, chance_percent(&chance, 80) ? 300 : 100000);
        stream.len += (size_t)sprintf(stream.bytes + stream.len, "k%zu\n", size);
        memcpy(stream.bytes + stream.len, pattern + size, size);
        stream.len += size;
    }
    shut();
    open_with(&echo);
    small_buffers();
    limits.output_pause = 20000;
    for (int turns = 0; taken_len < stream.len; turns++) {
        ck_assert(turns < TURNS_MAX);
        if (given < stream.len && chance_percent(&chance, 60)) {
            size_t want = 1 + chance_below(&chance, 30000);
            want = want < stream.len - given ? want : stream.len - given;
            ssize_t n = send(peer, stream.bytes + given, want, MSG_NOSIGNAL);
            given += n > 0 ? (size_t)n : 0;
        }
        if (chance_percent(&chance, 60))
            take(1 + chance_below(&chance, 30000));
        turn();
        /* A paused connection holds no more than one further read's answers. */
        hot_assert(conn.output_len <= limits.output_pause + 2 * CONN_READ_MAX);
    }
    ck_assert(memcmp(taken, stream.bytes, stream.len) == 0);
    ck_assert_uint_eq(conn.output_len, 0);
    ck_told("");
    free_stream(&stream);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_output");
    TCase *tc;
    tc = new_case(suite, "output");
    tcase_add_test(tc, test_nothing_is_sent_before_the_chores);
    tcase_add_test(tc, test_room_is_written_in_place);
    tcase_add_loop_test(tc, test_order, 0, 2);
    tcase_add_test(tc, test_by_reference);
    tcase_add_test(tc, test_nothing_to_write);
    tcase_add_test(tc, test_slow_reader);
    tcase_add_test(tc, test_output_is_charged);
    tcase_add_test(tc, test_forced_is_output);
    tcase_add_test(tc, test_half_there_is_given_up);
    tcase_add_test(tc, test_pause);
    tcase_add_test(tc, test_no_pause_below);
    tcase_add_test(tc, test_pause_and_end);
    tcase_add_test(tc, test_close_in_flushed);

    tc = new_case(suite, "deadlines");
    tcase_add_test(tc, test_output_deadline);
    tcase_add_test(tc, test_output_deadline_progress);

    tc = new_case(suite, "echo");
    tcase_add_test(tc, test_echo);
    return run_suite(suite);
}
