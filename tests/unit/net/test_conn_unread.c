/* test_conn_unread: above the budget for output, one connection is dropped: of those with much
 * output, the peer has read nothing for the longest time. */
#include "base/clock.h"
#include "net/conn.h"
#include "tests/unit/support.h"

#include <sys/socket.h>
#include <unistd.h>

enum {
    PEERS = 40,
    MIB = 1024 * 1024,
    SMALL = 200 * 1024, /* more than a socket takes, but still little */
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget, output;
static struct conn_loop loop;
static struct conn_limits limits;
static struct {
    struct conn conn;
    int fd;
} peers[PEERS];
static char shed[PEERS * 4 + 1]; /* the dropped ones, in order */

static ssize_t header_end(const struct conn *conn, const char *data, size_t len)
{
    (void)conn, (void)data;
    return (ssize_t)len;
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    (void)conn, (void)data, (void)len;
}

static void on_gone(struct conn *conn, const char *why)
{
    (void)why;
    conn_close(conn);
}

static size_t number_of(const struct conn *conn)
{
    for (size_t i = 0; i < PEERS; i++)
        if (&peers[i].conn == conn)
            return i;
    ck_abort();
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    ck_assert_int_eq(what, CONN_OUTPUT_TOTAL);
    snprintf(shed + strlen(shed), sizeof shed - strlen(shed), "%zu ", number_of(conn));
    conn_close(conn);
}

static void on_free(struct conn *conn)
{
    ck_assert(!conn_is_open(conn));
}

static const struct conn_ops ops = {
    .header_end = header_end,
    .header = on_header,
    .gone = on_gone,
    .slow = on_slow,
    .free = on_free,
};

static void setup(void)
{
    quiet_log();
    base = event_base_new();
    timers_init(&timers, clock_us());
    budget = output = (struct payload_budget){.max = UINT64_MAX};
    conn_loop_init(&loop, base, &timers, &budget, &output);
    limits = (struct conn_limits){.output_timeout_ms = 60000, .output_pause = UINT64_MAX};
    for (size_t i = 0; i < PEERS; i++) {
        int fds[2];
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        ck_assert_int_eq(conn_open(&peers[i].conn, &loop, fds[0], &ops, &limits), 0);
        int size = 4096;
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        peers[i].fd = fds[1];
    }
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_turn(&timers, timers.now_us + 1000);
    timers_run(&timers);
    conn_loop_chores(&loop);
}

static void teardown(void)
{
    for (size_t i = 0; i < PEERS; i++) {
        conn_close(&peers[i].conn);
        close(peers[i].fd);
    }
    turn();
    ck_assert_uint_eq(output.held, 0);
    ck_assert_uint_eq(loop.unread_count, 0);
    ck_assert(TAILQ_EMPTY(&loop.unread));
    conn_loop_free(&loop);
    timers_free(&timers);
    event_base_free(base);
    libevent_global_shutdown();
}

static void write_to(size_t i, size_t len)
{
    char *data = calloc(1, len);
    struct payload *payload = payload_from(&output, data, len);
    conn_write_payload(&peers[i].conn, payload);
    payload_unref(payload);
    free(data);
    turn();
}

static void takes(size_t i, size_t len)
{
    char data[4096];
    size_t before = peers[i].conn.output_len;
    while (len && peers[i].conn.output_len) {
        ssize_t n = read(peers[i].fd, data, len < sizeof data ? len : sizeof data);
        if (n <= 0)
            turn();
        else
            len -= (size_t)n;
    }
    turn();
    ck_assert_uint_lt(peers[i].conn.output_len, before);
}

static void set_max(uint64_t max)
{
    output.max = max;
    turn();
}

static void pass_ms(uint64_t ms)
{
    timers_turn(&timers, timers.now_us + ms * 1000);
}

START_TEST(test_who_has_taken_nothing_longest)
{
    for (size_t i = 0; i < 4; i++)
        write_to(i, 2 * MIB);
    takes(0, 300000);
    pass_ms(200);
    set_max(output.held);
    ck_assert_str_eq(shed, "");
    set_max(output.held - 1);
    ck_assert_str_eq(shed, "1 ");
    ck_assert_uint_le(output.held, output.max);
    set_max(output.held - 1);
    set_max(output.held - 1);
    ck_assert_str_eq(shed, "1 2 3 ");
    set_max(output.held - 1);
    ck_assert_str_eq(shed, "1 2 3 0 ");
}
END_TEST

/* A connection with little output never pays for others, even if the peer has not read for a long
 * time. */
START_TEST(test_who_holds_little_stays)
{
    for (size_t i = 0; i < 10; i++)
        write_to(i, SMALL);
    write_to(10, 2 * MIB);
    pass_ms(200);
    set_max(output.held - 1);
    ck_assert_str_eq(shed, "10 ");
    char data[SMALL] = {0};
    struct payload *elsewhere = payload_from(&output, data, sizeof data);
    set_max(output.held - 1); /* no connection holds much */
    ck_assert_str_eq(shed, "10 ");
    payload_unref(elsewhere);
}
END_TEST

/* A payload with few unread bytes is held as a whole, and counts as a whole. */
START_TEST(test_what_is_held_counts)
{
    write_to(0, 2 * MIB);
    takes(0, 2 * MIB - SMALL);
    ck_assert_uint_lt(peers[0].conn.output_len, MIB);
    pass_ms(200);
    write_to(1, 2 * MIB);
    set_max(output.held - 1);
    ck_assert_str_eq(shed, "0 ");
}
END_TEST

/* Among very many connections, a smaller share already counts as much. */
START_TEST(test_much_is_a_share)
{
    for (size_t i = 0; i < PEERS; i++)
        write_to(i, i % 2 ? SMALL : SMALL / 2);
    pass_ms(200);
    set_max((uint64_t)PEERS * SMALL / 2);
    ck_assert_uint_le(output.held, output.max);
    ck_assert_int_eq(strncmp(shed, "1 3 5 ", 6), 0);
    ck_assert(conn_is_open(&peers[0].conn));
    ck_assert(!strstr(shed, " 2 "));
}
END_TEST

/* A peer that reads may hold a quarter more. */
START_TEST(test_who_reads_stays)
{
    for (size_t i = 0; i < 2; i++)
        write_to(i, 2 * MIB);
    pass_ms(200);
    for (size_t i = 0; i < 2; i++)
        takes(i, 100000);
    set_max(output.held * 9 / 10);
    ck_assert_str_eq(shed, "");
    set_max(output.held / 10 * 7);
    ck_assert_str_eq(shed, "0 ");
    set_max(output.held * 9 / 10);
    ck_assert_str_eq(shed, "0 ");
    pass_ms(200);
    set_max(output.held - 1);
    ck_assert_str_eq(shed, "0 1 ");
}
END_TEST

/* A few are dropped in a turn, and the rest in the next ones. */
START_TEST(test_many_at_once)
{
    for (size_t i = 0; i < PEERS; i++)
        write_to(i, 2 * MIB);
    output.max = MIB;
    conn_loop_chores(&loop);
    ck_assert_uint_gt(output.held, output.max);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(output.held, 0);
}
END_TEST

/* A connection without a deadline for output is a worker's, and is not dropped. */
START_TEST(test_workers_stay)
{
    limits.output_timeout_ms = 0;
    write_to(0, 3 * MIB);
    set_max(MIB);
    ck_assert_str_eq(shed, "");
    ck_assert_uint_eq(loop.unread_count, 0);
}
END_TEST

/* After the peer has read everything, the connection is in no list. */
START_TEST(test_taken)
{
    write_to(0, 2 * MIB);
    ck_assert_uint_eq(loop.unread_count, 1);
    takes(0, 2 * MIB);
    ck_assert_uint_eq(peers[0].conn.output_len, 0);
    ck_assert_uint_eq(loop.unread_count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conn_unread");
    TCase *tc = tcase_create("unread");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_who_has_taken_nothing_longest);
    tcase_add_test(tc, test_who_holds_little_stays);
    tcase_add_test(tc, test_what_is_held_counts);
    tcase_add_test(tc, test_much_is_a_share);
    tcase_add_test(tc, test_who_reads_stays);
    tcase_add_test(tc, test_many_at_once);
    tcase_add_test(tc, test_workers_stay);
    tcase_add_test(tc, test_taken);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
