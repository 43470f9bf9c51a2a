/* test_listener: an address that is in use at the start, for a moment or for ever. The pauses of
 * the listener are the test's own, so no test waits or depends on who is faster. */
#include "listener.h"

#include "address.h"
#include "common/log.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int holder = -1; /* listens where the listener wants to */
static int pauses;
static int lets_go_at; /* the pause in which the holder closes; 0: never */
static int64_t paused_ms;
static char dir[] = "/tmp/test_listener.XXXXXX";
static char unix_text[64];

/* In the place of the C library's. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    paused_ms += time->tv_sec * 1000 + time->tv_nsec / 1000000;
    if (++pauses == lets_go_at)
        close(holder);
    return 0;
}

static void accept_none(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    (void)arg;
    (void)fd;
    (void)addr;
    (void)len;
}

static void set_up(void)
{
    log_configure(LOG_ERROR, LOG_TEXT);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(unix_text, sizeof unix_text, "unix:%s/sock", dir);
}

static void tear_down(void)
{
    unlink(unix_text + strlen("unix:"));
    rmdir(dir);
}

static struct event_base *base;
static struct timers timers;

/* NULL with `error`. */
static struct listener *open_at(const char *text, char *error, size_t size)
{
    const struct socket_owner owner = {.mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
    if (!base)
        base = event_base_new();
    return listener_open(base, &timers, text, &owner, "clients", accept_none, NULL, error, size);
}

static void end(struct listener *listener)
{
    listener_close(listener);
    event_base_free(base);
    base = NULL;
}

/* Listens, at a port of the kernel's choice if it is 0; `text` becomes where. */
static void hold(const char *where, char text[ADDRESS_TEXT_MAX])
{
    char error[256];
    struct address address;
    ck_assert_int_eq(address_parse(&address, where, error, sizeof error), 0);
    struct sockaddr *sa = (struct sockaddr *)&address.storage;
    holder = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(holder, 0);
    ck_assert_int_eq(bind(holder, sa, address.len), 0);
    ck_assert_int_eq(listen(holder, 100), 0);
    ck_assert_int_eq(getsockname(holder, sa, &address.len), 0);
    address_format(sa, address.len, text);
}

static void assert_answers(const char *text)
{
    char error[256];
    struct address address;
    ck_assert_int_eq(address_parse(&address, text, error, sizeof error), 0);
    int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address.storage, address.len), 0);
    close(fd);
}

static const char *place(int i)
{
    return i ? unix_text : "127.0.0.1:0";
}

START_TEST(test_it_is_free)
{
    char error[256] = "";
    struct listener *listener = open_at(place(_i), error, sizeof error);
    ck_assert_msg(listener != NULL, "%s", error);
    ck_assert_int_eq(pauses, 0);
    end(listener);
}
END_TEST

/* As with a worker of a server that was killed, until it executes its program. */
START_TEST(test_it_is_let_go)
{
    char text[ADDRESS_TEXT_MAX], error[256] = "";
    hold(place(_i), text);
    lets_go_at = 3;
    struct listener *listener = open_at(text, error, sizeof error);
    ck_assert_msg(listener != NULL, "%s", error);
    ck_assert_int_eq(pauses, 3);
    assert_answers(text);
    end(listener);
}
END_TEST

START_TEST(test_it_is_another_servers)
{
    char text[ADDRESS_TEXT_MAX], error[256] = "";
    struct stat st;
    hold(place(_i), text);
    ck_assert_ptr_null(open_at(text, error, sizeof error));
    ck_assert_str_eq(error, strerror(EADDRINUSE));
    ck_assert_int_ge(paused_ms, 500);
    ck_assert_int_le(paused_ms, 1000);
    assert_answers(text);
    if (_i)
        ck_assert_int_eq(lstat(text + strlen("unix:"), &st), 0);
    close(holder);
    end(NULL);
}
END_TEST

/* What no waiting mends. */
START_TEST(test_other_faults_are_told_at_once)
{
    char text[128], error[256] = "";
    snprintf(text, sizeof text, "unix:%s/none/sock", dir);
    ck_assert_ptr_null(open_at(text, error, sizeof error));
    ck_assert_str_eq(error, strerror(ENOENT));
    ck_assert_int_eq(pauses, 0);
    end(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listener");
    TCase *tcase = tcase_create("listener");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_it_is_free, 0, 2);
    tcase_add_loop_test(tcase, test_it_is_let_go, 0, 2);
    tcase_add_loop_test(tcase, test_it_is_another_servers, 0, 2);
    tcase_add_test(tcase, test_other_faults_are_told_at_once);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
