/*
 * test_reader: looks at a client that has parts to read.
 *
 * The client reads from a socket pair. A stand-in for the dispatcher's stream says that parts wait.
 */
#include "clients/clients_internal.h"
#include "jobs/stream.h"
#include "tests/unit/clients/clients_world.h"

enum { STALL_MS = 400, PART = 64 * 1024 };

static int peer;

static struct client_session *session(void)
{
    return client_session_of(TAILQ_FIRST(&clients.peers.list));
}

static void open_reader(void)
{
    open_world(10, NULL);
    settings.part_stall_ms = STALL_MS;
    peer = come(HELLO_PLAIN);
    turns();
    assert_welcome(peer);
    session()->source.reader = xcalloc(1, sizeof(struct job_reader));
    TAILQ_INIT(&session()->source.reader->streams);
    ck_assert_uint_eq(timers.set.count, 0);
}

static void close_reader(void)
{
    close(peer);
    turns();
    close_world();
}

/* A part is written. The kernel takes some of it, or nothing. */
static void put_part(void)
{
    static char bytes[PART];
    conn_write(&session()->peer.conn, bytes, sizeof bytes);
    client_reader_put(session());
    turn();
}

/* Parts beyond the kernel's buffer. */
static void fill(void)
{
    for (int i = 0; i < 16; i++)
        put_part();
    ck_assert_uint_gt(session()->peer.conn.output_len, 0);
}

/* The client reads up to so many bytes. */
static size_t read_some(size_t len)
{
    static char bytes[PART];
    ssize_t n = recv(peer, bytes, len < sizeof bytes ? len : sizeof bytes, 0);
    return n > 0 ? (size_t)n : 0;
}

static bool is_watched(void)
{
    return timers.set.count > 1; /* one is the deadline of the output */
}

START_TEST(test_parts_do_not_keep_the_client_from_being_read)
{
    open_reader();
    fill();
    session()->source.reader->bytes = 16 * PART; /* by the dispatcher's count */
    put_part();
    ck_assert_uint_eq(session()->peer.conn.output_spared, 16 * PART);
    ck_assert(!session()->peer.conn.output_paused);
    close_reader();
}
END_TEST

START_TEST(test_a_reader_of_everything_is_not_watched)
{
    open_reader();
    put_part();
    while (session()->peer.conn.output_len || read_some(PART))
        turn();
    ck_assert_uint_eq(session()->source.reader->taken, session()->source.reader->end);
    pass_ms(STALL_MS);
    ck_assert_uint_eq(timers.set.count, 0);
    close_reader();
}
END_TEST

/* A little at each look is enough, though the kernel has no room to tell of. */
START_TEST(test_a_slow_reader_is_watched)
{
    open_reader();
    fill();
    for (int i = 0; i < 20; i++) {
        pass_ms(STALL_MS / 4);
        ck_assert(is_watched());
        ck_assert_uint_gt(read_some(40000), 0);
    }
    close_reader();
}
END_TEST

/* After the stall nothing is left to be watched. */
START_TEST(test_a_stalled_reader)
{
    open_reader();
    fill();
    pass_ms(STALL_MS / 4); /* may have made room for itself */
    pass_ms(STALL_MS * 3 / 4);
    pass_ms(STALL_MS / 4);
    pass_ms(STALL_MS / 4);
    ck_assert(!is_watched());
    put_part();
    ck_assert(is_watched());
    close_reader();
}
END_TEST

/* A pause of the master's own is no stall of the reader. */
START_TEST(test_the_master_stalls)
{
    open_reader();
    fill();
    pass_ms(STALL_MS / 4); /* may have made room for itself */
    pass_ms(STALL_MS / 4);
    now_us += STALL_MS * 10000ull;
    timers_turn(&timers, now_us);
    timers_put_off(&timers, STALL_MS * 10000ull);
    pass_ms(STALL_MS / 4);
    ck_assert(is_watched());
    for (int i = 0; i < 4; i++)
        pass_ms(STALL_MS / 4);
    ck_assert(!is_watched());
    close_reader();
}
END_TEST

START_TEST(test_the_client_goes)
{
    open_reader();
    fill();
    peer_close(&session()->peer, "a test");
    turns();
    ck_assert_uint_eq(timers.set.count, 0);
    close_reader();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tc = tcase_create("reader");
    tcase_add_test(tc, test_parts_do_not_keep_the_client_from_being_read);
    tcase_add_test(tc, test_a_reader_of_everything_is_not_watched);
    tcase_add_test(tc, test_a_slow_reader_is_watched);
    tcase_add_test(tc, test_a_stalled_reader);
    tcase_add_test(tc, test_the_master_stalls);
    tcase_add_test(tc, test_the_client_goes);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
