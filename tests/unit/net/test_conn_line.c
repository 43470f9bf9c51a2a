/*
 * test_conn_line: many connections in one loop: the order of service in a turn, and the rest for
 * the next turn. Nothing depends on the time. A turn has either no time, and each line moves on by
 * one, or more than enough.
 */
#include "net/conn.h"

#include "base/clock.h"
#include "tests/unit/support.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MANY = 24,   /* libevent reports more than these at its second look */
    LINE = 2048, /* bytes of a flood's request: the loop checks the clock behind each */
    FLOOD = 32 * LINE,
    AMPLE_US = 3600 * 1000000u / 2,
};

struct guest {
    struct conn conn;
    int peer;
    size_t served;      /* its handled requests */
    size_t served_last; /* the number of its last request, among all */
    bool costly;        /* each of its requests takes long */
    bool freed;
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop loop;
static struct conn_limits limits;
static struct guest guests[MANY];
static size_t served; /* by all */

static ssize_t header_end(const struct conn *conn, const char *data, size_t len)
{
    (void)conn;
    const char *lf = memchr(data, '\n', len);
    return lf ? lf - data + 1 : 0;
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    struct guest *guest = (struct guest *)conn;
    (void)data, (void)len;
    guest->served++;
    guest->served_last = ++served;
    if (guest->costly)
        conn_note_cost(conn);
    conn_write(conn, "ok\n", 3);
}

static void on_input_end(struct conn *conn)
{
    (void)conn;
}

static void on_gone(struct conn *conn, const char *why)
{
    (void)why;
    conn_close(conn);
}

static void on_free(struct conn *conn)
{
    ((struct guest *)conn)->freed = true;
}

static const struct conn_ops ops = {
    .header_end = header_end,
    .header = on_header,
    .input_end = on_input_end,
    .gone = on_gone,
    .free = on_free,
};

static void setup(void)
{
    base = event_base_new();
    timers_init(&timers, clock_us());
    conn_loop_init(&loop, base, &timers, &budget, &output);
    limits = (struct conn_limits){.output_pause = UINT64_MAX, .turn_messages = 1024};
    loop.turn_us = 0;
    loop.slice_us = 0;
    loop.short_us = AMPLE_US;
    served = 0;
    for (size_t i = 0; i < MANY; i++) {
        int fds[2];
        guests[i] = (struct guest){.served = 0};
        hot_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
        hot_assert(conn_open(&guests[i].conn, &loop, fds[0], &ops, &limits) == 0);
        guests[i].peer = fds[1];
    }
}

static void teardown(void)
{
    for (size_t i = 0; i < MANY; i++) {
        conn_close(&guests[i].conn);
        close(guests[i].peer);
    }
    while (!TAILQ_EMPTY(&loop.dead))
        conn_loop_chores(&loop);
    for (size_t i = 0; i < MANY; i++)
        hot_assert(guests[i].freed);
    ck_assert_uint_eq(loop.waiting, 0);
    ck_assert_uint_eq(loop.dirty_count, 0);
    ck_assert_uint_eq(loop.backlogs, 0);
    conn_loop_free(&loop);
    timers_free(&timers);
    event_base_free(base);
    libevent_global_shutdown();
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    conn_loop_chores(&loop);
}

/* This turn would wait for ever if postponed work did not wake the loop. */
static void turn_that_is_woken(void)
{
    event_base_loop(base, EVLOOP_ONCE);
    conn_loop_chores(&loop);
}

static void say(const struct guest *guest, const char *text)
{
    hot_assert(send(guest->peer, text, strlen(text), 0) == (ssize_t)strlen(text));
}

/* Writes as much as the socket takes. */
static void flood(const struct guest *guest)
{
    static char lines[FLOOD];
    memset(lines, 'n', sizeof lines);
    for (size_t at = LINE - 1; at < sizeof lines; at += LINE)
        lines[at] = '\n';
    hot_assert(send(guest->peer, lines, sizeof lines, 0) == FLOOD);
}

/* All but one send floods and have been served once, so the loop knows them as floods. */
static void flood_all_but(const struct guest *quiet)
{
    for (size_t i = 0; i < MANY; i++)
        if (&guests[i] != quiet)
            flood(&guests[i]);
    for (size_t i = 0; i < MANY; i++)
        while (&guests[i] != quiet && !guests[i].served)
            turn();
}

/* --- reading --- */

START_TEST(test_one_after_the_other)
{
    for (size_t i = 0; i < MANY; i++)
        say(&guests[i], "n\n");
    for (size_t n = 1; n <= MANY; n++) {
        turn();
        ck_assert_uint_eq(served, n); /* the turn has no time for more */
    }
    for (size_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(guests[i].served, 1);
}
END_TEST

/* Each turn serves one flood. A request of another connection waits for no more than this. */
START_TEST(test_a_request_beside_floods)
{
    struct guest *quiet = &guests[MANY - 1];
    flood_all_but(quiet);
    for (size_t n = 1; n < 10; n++) {
        size_t before = served;
        say(quiet, "n\n");
        turn();
        ck_assert_uint_eq(quiet->served, n);
        ck_assert_uint_le(served - before, 3); /* and a step of one flood, besides */
    }
}
END_TEST

/* The unserved connections come first in the next turn, with their backlogs in order. */
START_TEST(test_floods_take_turns)
{
    size_t before[MANY];
    flood_all_but(NULL);
    for (size_t i = 0; i < MANY; i++)
        before[i] = guests[i].served;
    for (size_t turns = 1; turns < 10 * MANY; turns++) {
        turn();
        for (size_t i = 0; i < MANY; i++) {
            ck_assert_uint_ge(guests[i].served - before[i], turns / MANY);
            ck_assert_uint_le(guests[i].served - before[i], turns / MANY + 1);
        }
    }
}
END_TEST

/* Beside endless new requests, one flood still moves on. */
START_TEST(test_a_flood_beside_requests)
{
    flood(&guests[0]);
    turn();
    for (size_t n = 1; n <= FLOOD / LINE; n++) {
        for (size_t i = 1; i < MANY; i++)
            say(&guests[i], "n\n");
        turn();
        ck_assert_uint_ge(guests[0].served, n);
    }
}
END_TEST

START_TEST(test_a_flood_alone_has_its_slice)
{
    loop.turn_us = loop.slice_us = AMPLE_US;
    flood(&guests[0]);
    turn();
    ck_assert_uint_eq(guests[0].served, FLOOD / LINE);
}
END_TEST

/* Short requests are many before the clock is looked at; costly ones are not. */
START_TEST(test_costly_requests)
{
    loop.turn_us = AMPLE_US;
    guests[1].costly = true;
    for (size_t i = 0; i < 2; i++)
        say(&guests[i], "n\nn\nn\nn\n");
    for (size_t turns = 1; turns <= 4; turns++) {
        turn();
        ck_assert_uint_eq(guests[0].served, 4);
        ck_assert_uint_eq(guests[1].served, turns);
    }
}
END_TEST

/* With time for all, each connection is served with its event, and none waits. */
START_TEST(test_time_for_all)
{
    loop.turn_us = loop.slice_us = AMPLE_US;
    for (size_t i = 0; i < MANY; i++)
        say(&guests[i], "n\n");
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_uint_eq(served, MANY);
    ck_assert_uint_eq(loop.waiting, 0);
}
END_TEST

/* Workers have a line of their own: a request does not wait for their messages. */
START_TEST(test_a_request_beside_workers)
{
    const struct conn_limits own = {.output_pause = UINT64_MAX, .own = true};
    struct guest *quiet = &guests[MANY - 1];
    for (size_t i = 0; i < MANY - 1; i++) {
        guests[i].conn.limits = &own;
        flood(&guests[i]);
    }
    turn();
    ck_assert_uint_eq(loop.waiting, MANY - 1);
    say(quiet, "n\n");
    turn();
    ck_assert_uint_eq(quiet->served, 1);
    while (loop.waiting)
        turn();
    ck_assert_uint_eq(served, 1 + (MANY - 1) * FLOOD / LINE);
}
END_TEST

START_TEST(test_closed_while_it_waits)
{
    for (size_t i = 0; i < MANY; i++)
        say(&guests[i], "n\n");
    turn();
    ck_assert_uint_eq(loop.waiting, MANY - 1);
    for (size_t i = 0; i < MANY; i += 2)
        conn_close(&guests[i].conn);
    while (loop.waiting)
        turn();
    for (size_t i = 1; i < MANY; i += 2)
        ck_assert_uint_eq(guests[i].served, 1);
}
END_TEST

/* Without new events from the kernel or from other connections, the rest still wakes the loop. */
START_TEST(test_the_rest_wakes_the_loop)
{
    flood(&guests[0]);
    turn();
    while (guests[0].served < FLOOD / LINE)
        turn_that_is_woken();
    ck_assert_uint_eq(loop.waiting, 0);
}
END_TEST

/* --- writing --- */

static size_t written(void)
{
    size_t count = 0;
    char byte;
    for (size_t i = 0; i < MANY; i++)
        count += recv(guests[i].peer, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
    return count;
}

START_TEST(test_answers_to_many)
{
    size_t before = 0, turns = 0;
    for (size_t i = 0; i < MANY; i++)
        conn_write(&guests[i].conn, "x", 1);
    conn_loop_chores(&loop);
    for (; loop.dirty_count; turns++) {
        ck_assert_uint_gt(written(), before);
        before = written();
        turn_that_is_woken();
    }
    ck_assert_uint_gt(turns, 1); /* more than one turn */
    ck_assert_uint_eq(written(), MANY);
}
END_TEST

/* A connection alone is written its full share, and a smaller one beside others. */
START_TEST(test_much_for_many)
{
    static char much[768 * 1024];
    int size = 2 * (int)sizeof much;
    for (size_t i = 0; i < MANY; i++)
        setsockopt(guests[i].conn.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    for (size_t i = 0; i < MANY; i++)
        conn_write(&guests[i].conn, much, sizeof much);
    conn_loop_chores(&loop);
    size_t left = guests[0].conn.output_len;
    ck_assert_uint_gt(left, 0);
    ck_assert_uint_lt(left, sizeof much);
}
END_TEST

/* --- the end --- */

/* The output of a closed connection is freed turn by turn, and counts until then. */
START_TEST(test_much_is_dropped)
{
    enum { PIECES = 4000 };
    static char piece[16 * 1024];
    size_t turns = 0;
    for (size_t i = 0; i < PIECES; i++)
        conn_write(&guests[0].conn, piece, sizeof piece);
    ck_assert_uint_ge(output.held, PIECES * sizeof piece);
    conn_close(&guests[0].conn);
    ck_assert_uint_eq(guests[0].conn.output_len, 0);
    conn_loop_chores(&loop);
    for (uint64_t before = output.held; !TAILQ_EMPTY(&loop.dropped); turns++) {
        turn_that_is_woken();
        ck_assert_uint_lt(output.held, before);
        before = output.held;
    }
    ck_assert_uint_eq(output.held, 0);
    ck_assert_uint_gt(turns, 2);
}
END_TEST

/* The same for payloads, even in few pieces. */
START_TEST(test_large_payloads_are_dropped)
{
    static char data[40 * 1024 * 1024];
    size_t turns = 0;
    for (size_t i = 0; i < MANY; i += 8) {
        struct payload *payload = payload_new(&output, sizeof data, 0, true);
        payload_append(payload, data, sizeof data); /* part by part, as from a socket */
        conn_write_payload(&guests[i].conn, payload);
        payload_unref(payload);
        conn_close(&guests[i].conn);
    }
    conn_loop_chores(&loop);
    for (; output.held || output.dropped; turns++)
        turn_that_is_woken();
    ck_assert_uint_gt(turns, 3);
    ck_assert(TAILQ_EMPTY(&loop.dropped));
}
END_TEST

/* Very many connections, closed in one turn, are freed in several. */
START_TEST(test_many_are_closed)
{
    static struct guest crowd[500];
    size_t freed = 0, before;
    for (size_t i = 0; i < SUPPORT_COUNT(crowd); i++) {
        int fd = dup(guests[0].peer);
        crowd[i] = (struct guest){.peer = -1};
        hot_assert(conn_open(&crowd[i].conn, &loop, fd, &ops, &limits) == 0);
        conn_close(&crowd[i].conn);
    }
    for (size_t turns = 0; freed < SUPPORT_COUNT(crowd); turns++) {
        before = freed;
        freed = 0;
        if (turns)
            turn_that_is_woken();
        else
            conn_loop_chores(&loop);
        for (size_t i = 0; i < SUPPORT_COUNT(crowd); i++)
            freed += crowd[i].freed;
        ck_assert_uint_gt(freed, before);
        ck_assert_uint_lt(freed - before, SUPPORT_COUNT(crowd) / 2);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_line");
    TCase *tc = tcase_create("conn_line");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_one_after_the_other);
    tcase_add_test(tc, test_a_request_beside_floods);
    tcase_add_test(tc, test_floods_take_turns);
    tcase_add_test(tc, test_a_flood_beside_requests);
    tcase_add_test(tc, test_a_flood_alone_has_its_slice);
    tcase_add_test(tc, test_costly_requests);
    tcase_add_test(tc, test_time_for_all);
    tcase_add_test(tc, test_a_request_beside_workers);
    tcase_add_test(tc, test_closed_while_it_waits);
    tcase_add_test(tc, test_the_rest_wakes_the_loop);
    tcase_add_test(tc, test_answers_to_many);
    tcase_add_test(tc, test_much_for_many);
    tcase_add_test(tc, test_much_is_dropped);
    tcase_add_test(tc, test_large_payloads_are_dropped);
    tcase_add_test(tc, test_many_are_closed);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
