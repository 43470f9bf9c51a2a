/* test_awaited: the answers to reload come when the master says so. */
#include "tests/unit/peers/peers_world.h"

#define RELOAD(id) "{\"op\":\"reload\",\"id\":" id "}\n"

static struct control_reload next; /* what the next reload comes to */
static bool ends;
static int reloads;

static bool on_reload(void *arg, struct control_reload *told)
{
    (void)arg;
    reloads++;
    *told = next;
    return !ends && !next.fault;
}

static void open_reloads(void)
{
    open_world(10, NULL);
    peers.control.reload = on_reload;
    next = (struct control_reload){.changed = "[\"job-max\"]", .changed_count = 1};
    ends = false;
    reloads = 0;
}

static int greeted(void)
{
    int fd = come(HELLO_PLAIN);
    turns();
    assert_welcome(fd);
    return fd;
}

static void ask(int fd, const char *text)
{
    say(fd, text);
    turns();
}

START_TEST(test_all_are_told)
{
    open_reloads();
    int one = greeted(), other = greeted();
    ask(one, RELOAD("1"));
    ask(one, RELOAD("\"x\""));
    next = (struct control_reload){.changed = "[]"};
    ask(other, "{\"op\":\"reload\"}\n");
    assert_quiet(one);
    ask(one, PING); /* goes on */
    assert_heard(one, "pong");
    peers_reloaded(&peers, NULL);
    turns();
    assert_heard(other, "{\"event\":\"ok\",\"op\":\"reload\",\"changed\":[],\"changed_count\":0,"
                        "\"renewed\":true}\n");
    bool is_closed;
    ck_assert_str_eq(heard(one, &is_closed),
                     "{\"event\":\"ok\",\"id\":1,\"op\":\"reload\",\"changed\":[\"job-max\"],"
                     "\"changed_count\":1,\"renewed\":true}\n"
                     "{\"event\":\"ok\",\"id\":\"x\",\"op\":\"reload\",\"changed\":[\"job-max\"],"
                     "\"changed_count\":1,\"renewed\":true}\n");
    peers_reloaded(&peers, NULL); /* nobody waits */
    turns();
    assert_quiet(one);
    ck_assert_int_eq(reloads, 3);
    close_world();
}
END_TEST

START_TEST(test_held)
{
    open_reloads();
    int fd = greeted();
    ask(fd, RELOAD("1"));
    peers_reloaded(&peers, "a \"preload\" refuses");
    turns();
    assert_heard(fd, "\"renewed\":false,\"why\":\"a \\\"preload\\\" refuses\"}");
    close_world();
}
END_TEST

START_TEST(test_fault)
{
    open_reloads();
    int fd = greeted();
    next = (struct control_reload){.fault = "no", .place = {"/etc/x\n", 7, "pools.a.pool-max"}};
    ask(fd, RELOAD("1"));
    assert_heard(
        fd, "{\"event\":\"error\",\"op\":\"reload\",\"id\":1,\"code\":\"bad-config\","
            "\"message\":\"no\",\"file\":\"/etc/x \",\"line\":7,\"key\":\"pools.a.pool-max\"}");
    next.place = (struct fault_place){.file = NULL};
    ask(fd, RELOAD("2"));
    assert_heard(fd, "\"message\":\"no\"}");
    peers_reloaded(&peers, NULL);
    turns();
    assert_quiet(fd);
    close_world();
}
END_TEST

START_TEST(test_while_the_server_ends)
{
    open_reloads();
    int fd = greeted(), other = greeted();
    ask(other, RELOAD("0")); /* its answer is another one's business */
    ends = true;
    next = (struct control_reload){.fault = NULL};
    ask(fd, RELOAD("1"));
    assert_heard(fd, "\"changed\":[],\"changed_count\":0,\"renewed\":false,\"why\":");
    assert_quiet(other);
    peers_reloaded(&peers, "the end");
    turns();
    assert_heard(other, "\"why\":\"the end\"}");
    assert_quiet(fd);
    close_world();
}
END_TEST

/* A half-closed session ends behind its answer; one that is gone takes its own along. */
START_TEST(test_ends_of_sessions)
{
    bool is_closed;
    open_reloads();
    int half = greeted(), gone = greeted(), other = greeted();
    ask(half, RELOAD("1"));
    ask(gone, RELOAD("2") RELOAD("3"));
    ask(other, RELOAD("4"));
    shutdown(half, SHUT_WR);
    close(gone);
    turns();
    assert_quiet(half);
    peers_reloaded(&peers, NULL);
    turns();
    ck_assert_ptr_nonnull(strstr(heard(half, &is_closed), "\"id\":1"));
    ck_assert(is_closed);
    assert_heard(other, "\"id\":4");
    close_world();
}
END_TEST

/* The world ends while some wait. */
START_TEST(test_never_told)
{
    open_reloads();
    int fd = greeted();
    ask(fd, RELOAD("1"));
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("awaited");
    TCase *tc = tcase_create("awaited");
    tcase_add_test(tc, test_all_are_told);
    tcase_add_test(tc, test_held);
    tcase_add_test(tc, test_fault);
    tcase_add_test(tc, test_while_the_server_ends);
    tcase_add_test(tc, test_ends_of_sessions);
    tcase_add_test(tc, test_never_told);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
