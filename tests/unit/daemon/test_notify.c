/* test_notify: the messages for the service manager, also while it has no room, and when a daemon
 * with nothing to do looks at its status. */
#include "daemon/notify.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

static struct timers timers;
static struct notify notify;
static int manager;
static bool ready;
static char status[NOTIFY_STATUS_MAX];
static char text[256];

static bool is_ready(void *arg)
{
    ck_assert_ptr_eq(arg, &notify);
    return ready;
}

static void write_status(void *arg, char line[NOTIFY_STATUS_MAX])
{
    (void)arg;
    memcpy(line, status, sizeof status);
}

static const struct notify_ops ops = {is_ready, write_status};

/* --- the manager --- */

/* An abstract name without a file. */
static void listen_abstract(const char *name)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path + 1, sizeof un.sun_path - 1, "%s", name);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    manager = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(manager, (const struct sockaddr *)&un, len), 0);
}

static const char *next_message(void)
{
    ssize_t len = recv(manager, text, sizeof text - 1, MSG_DONTWAIT);
    text[len < 0 ? 0 : len] = '\0';
    return len < 0 ? NULL : text;
}

static void expect(const char *message)
{
    ck_assert_ptr_nonnull(next_message());
    ck_assert_str_eq(text, message);
}

static void expect_none(void)
{
    const char *message = next_message();
    ck_assert_msg(!message, "%s", message ? message : "");
}

/* Until the manager has no room. Returns the number of messages. */
static int fill(void)
{
    int count = 0;
    while (sendto(notify.fd, "x", 1, MSG_DONTWAIT, (const struct sockaddr *)&notify.to,
                  notify.to_len) == 1)
        count++;
    ck_assert_int_eq(errno, EAGAIN);
    return count;
}

static void empty(int count)
{
    for (int i = 0; i < count; i++)
        expect("x");
}

/* --- the daemon --- */

static void begin(void)
{
    char name[64];
    snprintf(name, sizeof name, "test-notify-%ld", (long)getpid());
    listen_abstract(name);
    memmove(name + 1, name, strlen(name) + 1);
    name[0] = '@';
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    quiet_log();
    timers_init(&timers, 1000000);
    notify = (struct notify){.timers = &timers, .ops = &ops, .arg = &notify};
    ready = true;
    snprintf(status, sizeof status, "fine");
    notify_init(&notify);
    ck_assert_int_ge(notify.fd, 0);
}

static void end(void)
{
    notify_free(&notify);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    timers_free(&timers);
    close(manager);
}

static void turn_at(uint64_t ms)
{
    timers_turn(&timers, 1000000 + ms * 1000);
    timers_run(&timers);
    notify_turn(&notify);
}

START_TEST(test_ready_at_once)
{
    expect_none();
    notify_listening(&notify, 500);
    expect("READY=1");
    expect_none();
}
END_TEST

START_TEST(test_ready_once_the_daemon_is)
{
    ready = false;
    notify_listening(&notify, 500);
    turn_at(10);
    expect_none();
    ready = true;
    turn_at(20);
    expect("READY=1");
    ready = false;
    turn_at(600);
    expect("STATUS=fine");
    expect_none();
}
END_TEST

START_TEST(test_ready_in_the_end)
{
    ready = false;
    notify_listening(&notify, 500);
    turn_at(499);
    expect_none();
    turn_at(500);
    while (strcmp(next_message() ? text : "none", "READY=1") != 0)
        ck_assert_str_ne(text, "none");
}
END_TEST

/* Before it is ready, a daemon has nothing to load again. */
START_TEST(test_reload)
{
    ready = false;
    notify_listening(&notify, 500);
    notify_reloading(&notify);
    notify_reloaded(&notify);
    expect_none();
    ready = true;
    turn_at(10);
    expect("READY=1");
    notify_reloading(&notify);
    ck_assert_ptr_nonnull(next_message());
    ck_assert_int_eq(strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    notify_reloaded(&notify);
    expect("READY=1");
}
END_TEST

START_TEST(test_stopping_is_the_last_state)
{
    ready = false;
    notify_listening(&notify, 500);
    notify_stopping(&notify, 2000);
    expect("STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000");
    notify_stopping(&notify, 2000);
    notify_reloading(&notify);
    notify_reloaded(&notify);
    ready = true;
    turn_at(10);
    expect_none();
    turn_at(600);
    expect("STATUS=fine");
    expect_none();
}
END_TEST

static void expect_sleep(void)
{
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}

/* A look is planned by a turn, and never by the turn of a look. */
START_TEST(test_status)
{
    notify_listening(&notify, 500);
    expect("READY=1");
    turn_at(0);
    ck_assert_uint_eq(timers_next(&timers), timers.now_us);
    turn_at(1);
    expect("STATUS=fine");
    expect_sleep();
    snprintf(status, sizeof status, "better");
    turn_at(2);
    turn_at(999);
    expect_none();
    turn_at(1001);
    expect("STATUS=better");
    expect_sleep();
    turn_at(60000); /* not a time gone by: the loop would take it for a stop */
    ck_assert_uint_eq(timers_next(&timers), timers.now_us);
    turn_at(60001);
    expect_none(); /* the same status */
    expect_sleep();
}
END_TEST

START_TEST(test_watchdog)
{
    setenv("WATCHDOG_USEC", "2000000", 1);
    notify_listening(&notify, 500);
    expect("READY=1");
    turn_at(0);
    expect("WATCHDOG=1");
    turn_at(1);
    expect("STATUS=fine");
    turn_at(999);
    expect_none();
    turn_at(1000);
    expect("WATCHDOG=1");
    int count = fill();
    turn_at(2000);
    empty(count);
    turn_at(2100);
    expect("WATCHDOG=1");
    expect_none();
    turn_at(3099);
    expect_none();
    turn_at(3100);
    expect("WATCHDOG=1");
}
END_TEST

/* Only the last state counts. */
START_TEST(test_a_state_without_room_is_told_later)
{
    int count = fill();
    notify_listening(&notify, 500);
    notify_reloading(&notify);
    notify_reloaded(&notify);
    turn_at(0);
    turn_at(50);
    empty(count);
    expect_none();
    turn_at(150);
    expect("READY=1");
    expect_none();
    turn_at(1200);
    expect("STATUS=fine");
    expect_none();
}
END_TEST

static const char *const no_sockets[] = {NULL, "", "vsock:2:1234", "relative/path"};

START_TEST(test_no_manager)
{
    notify_free(&notify);
    if (no_sockets[_i])
        setenv("NOTIFY_SOCKET", no_sockets[_i], 1);
    else
        unsetenv("NOTIFY_SOCKET");
    notify_init(&notify);
    ck_assert_int_lt(notify.fd, 0);
    ready = false;
    notify_listening(&notify, 500);
    notify_reloading(&notify);
    notify_reloaded(&notify);
    turn_at(10);
    notify_stopping(&notify, 1);
    expect_sleep();
    expect_none();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notify");
    TCase *tests = tcase_create("notify");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, test_ready_at_once);
    tcase_add_test(tests, test_ready_once_the_daemon_is);
    tcase_add_test(tests, test_ready_in_the_end);
    tcase_add_test(tests, test_reload);
    tcase_add_test(tests, test_stopping_is_the_last_state);
    tcase_add_test(tests, test_status);
    tcase_add_test(tests, test_watchdog);
    tcase_add_test(tests, test_a_state_without_room_is_told_later);
    tcase_add_loop_test(tests, test_no_manager, 0, SUPPORT_COUNT(no_sockets));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
