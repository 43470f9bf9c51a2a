/* test_listener: an address in use at the start, for a moment or for ever; another program's unix
 * socket; and the file's owner at the end. The test replaces the listener's pauses, so no test
 * waits or depends on speed. */
#include "net/listener.h"

#include "common/log.h"
#include "net/address.h"
#include "net/unix_bound.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int holder = -1; /* listens at the listener's address */
static int pauses;
static int lets_go_at; /* the pause in which the holder closes; 0: never */
static int listens_at; /* the pause in which the holder begins to listen; 0: never */
static bool kernel_is_mute;
static bool was_locked; /* whether the directory was locked at the last look at the file */
static int64_t paused_ms;
static char dir[] = "/tmp/test_listener.XXXXXX";
static char unix_text[64];

/* Replaces the C library's. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    paused_ms += time->tv_sec * 1000 + time->tv_nsec / 1000000;
    if (++pauses == lets_go_at)
        close(holder);
    if (pauses == listens_at)
        ck_assert_int_eq(listen(holder, 100), 0);
    return 0;
}

/* The linker replaces calls of unix_bound() by this one (Makefile). */
enum unix_bound __real_unix_bound(const char *path, const struct stat *st);
enum unix_bound __wrap_unix_bound(const char *path, const struct stat *st);
enum unix_bound __wrap_unix_bound(const char *path, const struct stat *st)
{
    int fd = open(dir, O_RDONLY | O_CLOEXEC);
    was_locked = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    close(fd);
    return kernel_is_mute ? UNIX_BOUND_UNKNOWN : __real_unix_bound(path, st);
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

/* Opens a listener; NULL with `error`. */
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

/* Binds without listening. The kernel chooses a port for 0. `text` becomes the address. */
static void hold_silently(const char *where, char text[ADDRESS_TEXT_MAX])
{
    char error[256];
    struct address address;
    ck_assert_int_eq(address_parse(&address, where, error, sizeof error), 0);
    struct sockaddr *sa = (struct sockaddr *)&address.storage;
    holder = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(holder, 0);
    ck_assert_int_eq(bind(holder, sa, address.len), 0);
    ck_assert_int_eq(getsockname(holder, sa, &address.len), 0);
    address_format(sa, address.len, text);
}

/* Listens. */
static void hold(const char *where, char text[ADDRESS_TEXT_MAX])
{
    hold_silently(where, text);
    ck_assert_int_eq(listen(holder, 100), 0);
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

/* Like a killed server's worker before its exec. */
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

/* Faults that no waiting mends. */
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

/* --- a holder listens later --- */

START_TEST(test_one_that_does_not_listen_yet)
{
    char text[ADDRESS_TEXT_MAX], error[256] = "";
    hold_silently(unix_text, text);
    ck_assert_ptr_null(open_at(text, error, sizeof error));
    ck_assert_str_eq(error, strerror(EADDRINUSE));
    ck_assert_int_eq(listen(holder, 100), 0);
    assert_answers(text);
    close(holder);
    end(NULL);
}
END_TEST

/* The file is identified by its inode number, even under another name or after a rename. */
START_TEST(test_one_that_has_another_name)
{
    char text[ADDRESS_TEXT_MAX], other[128], error[256] = "";
    hold_silently(unix_text, text);
    snprintf(other, sizeof other, "unix:%s/other", dir);
    if (_i)
        ck_assert_int_eq(rename(text + 5, other + 5), 0);
    else
        ck_assert_int_eq(link(text + 5, other + 5), 0);
    ck_assert_ptr_null(open_at(other, error, sizeof error));
    ck_assert_str_eq(error, strerror(EADDRINUSE));
    unlink(other + 5);
    close(holder);
    end(NULL);
}
END_TEST

/* Even if the kernel does not say whether the owner lives. */
START_TEST(test_one_that_listens_soon)
{
    char text[ADDRESS_TEXT_MAX], error[256] = "";
    kernel_is_mute = _i & 1;
    listens_at = _i & 2 ? 16 : 1;
    hold_silently(unix_text, text);
    ck_assert_ptr_null(open_at(text, error, sizeof error));
    ck_assert_str_eq(error, strerror(EADDRINUSE));
    assert_answers(text);
    close(holder);
    end(NULL);
}
END_TEST

/* A dead server's file is replaced at once if the kernel knows, and otherwise after all tries. The
 * lock keeps other servers out between the look and the bind. */
START_TEST(test_one_that_is_dead)
{
    char text[ADDRESS_TEXT_MAX], error[256] = "";
    kernel_is_mute = _i;
    hold(unix_text, text);
    close(holder);
    struct listener *listener = open_at(text, error, sizeof error);
    ck_assert_msg(listener != NULL, "%s", error);
    ck_assert_int_eq(pauses, _i ? 16 : 0);
    ck_assert(was_locked);
    assert_answers(text);
    end(listener);
}
END_TEST

START_TEST(test_one_that_dies_silent)
{
    char text[ADDRESS_TEXT_MAX], error[256] = "";
    lets_go_at = 3;
    hold_silently(unix_text, text);
    struct listener *listener = open_at(text, error, sizeof error);
    ck_assert_msg(listener != NULL, "%s", error);
    ck_assert_int_eq(pauses, 3);
    end(listener);
}
END_TEST

/* Any reader of the directory may hold its lock, but cannot prevent a start. */
START_TEST(test_the_lock_is_held)
{
    char error[256] = "";
    int fd = open(dir, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    struct listener *listener = open_at(unix_text, error, sizeof error);
    ck_assert_msg(listener != NULL, "%s", error);
    ck_assert_int_gt(pauses, 0);
    ck_assert_int_le(paused_ms, 500);
    close(fd);
    end(listener);
}
END_TEST

/* --- the end --- */

static bool is_there(const char *text)
{
    struct stat st;
    return lstat(text + strlen("unix:"), &st) == 0;
}

START_TEST(test_its_own_is_removed)
{
    char error[256];
    end(open_at(unix_text, error, sizeof error));
    ck_assert(!is_there(unix_text));
}
END_TEST

START_TEST(test_anothers_is_not)
{
    char text[ADDRESS_TEXT_MAX], other[128], error[256];
    struct listener *first = open_at(unix_text, error, sizeof error);
    snprintf(other, sizeof other, "unix:%s/other", dir);
    if (_i)
        ck_assert_int_eq(rename(unix_text + 5, other + 5), 0);
    else
        ck_assert_int_eq(unlink(unix_text + 5), 0);
    struct listener *second = open_at(unix_text, error, sizeof error);
    ck_assert_msg(second != NULL, "%s", error);
    listener_close(first);
    snprintf(text, sizeof text, "%s", unix_text);
    assert_answers(text);
    ck_assert(is_there(other) == (_i == 1)); /* the listener does not search for a renamed file */
    unlink(other + 5);
    end(second);
    ck_assert(!is_there(unix_text));
}
END_TEST

START_TEST(test_none_is_there_any_more)
{
    char error[256];
    struct listener *listener = open_at(unix_text, error, sizeof error);
    ck_assert_int_eq(unlink(unix_text + 5), 0);
    end(listener);
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
    tcase_add_test(tcase, test_one_that_does_not_listen_yet);
    tcase_add_loop_test(tcase, test_one_that_has_another_name, 0, 2);
    tcase_add_loop_test(tcase, test_one_that_listens_soon, 0, 4);
    tcase_add_loop_test(tcase, test_one_that_is_dead, 0, 2);
    tcase_add_test(tcase, test_one_that_dies_silent);
    tcase_add_test(tcase, test_the_lock_is_held);
    tcase_add_test(tcase, test_its_own_is_removed);
    tcase_add_loop_test(tcase, test_anothers_is_not, 0, 2);
    tcase_add_test(tcase, test_none_is_there_any_more);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
