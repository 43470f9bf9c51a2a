/*
 * test_listener_faults: a listener leaves nothing if it cannot be opened, and pauses without room
 * for a connection.
 */
#include "net/listener.h"

#include "base/timers.h"
#include "tests/unit/faults.h"
#include "tests/unit/support.h"

#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len), -1)
WRAP(int, bind, (int fd, const struct sockaddr *addr, socklen_t len), (fd, addr, len), -1)
WRAP(int, listen, (int fd, int backlog), (fd, backlog), -1)
WRAP(int, lchown, (const char *path, uid_t uid, gid_t gid), (path, uid, gid), -1)
WRAP(int, accept4, (int fd, struct sockaddr *addr, socklen_t *len, int flags),
     (fd, addr, len, flags), -1)
WRAP(int, getsockname, (int fd, struct sockaddr *addr, socklen_t *len), (fd, addr, len), -1)
WRAP(struct event *, event_new,
     (struct event_base * base, evutil_socket_t fd, short what, event_callback_fn call, void *arg),
     (base, fd, what, call, arg), NULL)
WRAP(int, event_add, (struct event * event, const struct timeval *timeout), (event, timeout), -1)
WRAP(int, flock, (int fd, int what), (fd, what), -1)
WRAP(ssize_t, send, (int fd, const void *from, size_t len, int flags), (fd, from, len, flags), -1)
WRAP(ssize_t, recv, (int fd, void *to, size_t len, int flags), (fd, to, len, flags), -1)
WRAP_VARIADIC(open, (const char *path, int flags), (path, flags))

static struct event_base *base;
static struct timers timers;
static char dir[] = "/tmp/test_listener.XXXXXX";
static char socket_path[64];
static int accepted;

static void accept_and_close(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    (void)arg;
    (void)addr;
    (void)len;
    close(fd);
    accepted++;
}

static void set_up(void)
{
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(socket_path, sizeof socket_path, "%s/sock", dir);
    base = event_base_new();
    timers_init(&timers, 1);
}

static void tear_down(void)
{
    event_base_free(base);
    rmdir(dir);
}

static struct listener *listen_at(const char *address, char *error, size_t size)
{
    const struct socket_owner owner = {.mode = 0600, .uid = getuid(), .gid = getgid()};
    return listener_open(base, &timers, address, &owner, "clients", accept_and_close, NULL, error,
                         size);
}

static const struct {
    const char *call;
    const char *says; /* NULL: the errno's text */
    int at_most;      /* calls for the address with the most of them */
} listen_calls[] = {
    {"socket", NULL, 1},
    {"setsockopt", NULL, 8},
    {"bind", NULL, 1},
    {"listen", NULL, 1},
    {"lchown", NULL, 1},
    {"event_new", "the event loop does not take it", 1},
    {"event_add", "the event loop does not take it", 1},
};

static int faults_of_listening(const char *address, size_t call)
{
    char error[256];
    for (int nth = 1;; nth++) {
        int files = open_files();
        set_fault(listen_calls[call].call, nth, ENOBUFS);
        struct listener *listener = listen_at(address, error, sizeof error);
        if (!take_fault()) {
            ck_assert_msg(listener != NULL, "%s: %s", address, error);
            listener_close(listener);
            return nth - 1;
        }
        ck_assert_ptr_null(listener);
        ck_assert_str_eq(error,
                         listen_calls[call].says ? listen_calls[call].says : strerror(ENOBUFS));
        ck_assert_int_eq(open_files(), files);
    }
}

static bool has_ipv6(void)
{
    const struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

START_TEST(test_listening_that_fails_leaves_nothing)
{
    char address[96];
    snprintf(address, sizeof address, "unix:%s", socket_path);
    int most = faults_of_listening(address, (size_t)_i);
    int tcp = faults_of_listening("127.0.0.1:0", (size_t)_i);
    most = tcp > most ? tcp : most;
    if (has_ipv6())
        most = faults_of_listening("[::1]:0", (size_t)_i) > tcp ? tcp + 1 : most;
    else if (listen_calls[_i].at_most == 8)
        most++; /* V6ONLY */
    ck_assert_int_eq(most, listen_calls[_i].at_most);
    ck_assert_int_lt(access(socket_path, F_OK), 0);
}
END_TEST

/* The place of a dead server is taken also without a lock, and without the kernel's word after some
 * patience. */
static const struct {
    const char *call;
    int nth, error;
} unasked[] = {{"open", 1, EACCES},
               {"flock", 1, ENOLCK},
               {"socket", 3, EPERM},
               {"send", 1, ENOBUFS},
               {"recv", 1, EAGAIN}};

START_TEST(test_a_dead_place_is_taken_all_the_same)
{
    char address[96], error[256];
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(address, sizeof address, "unix:%s", socket_path);
    snprintf(un.sun_path, sizeof un.sun_path, "%s", socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    close(fd);
    int files = open_files();
    set_fault(unasked[_i].call, unasked[_i].nth, unasked[_i].error);
    struct listener *listener = listen_at(address, error, sizeof error);
    ck_assert(take_fault());
    ck_assert_msg(listener != NULL, "%s", error);
    ck_assert_int_eq(open_files(), files + 1);
    listener_close(listener);
    ck_assert_int_lt(access(socket_path, F_OK), 0);
}
END_TEST

/* Turns the loop, and lets `ms` milliseconds pass. */
static void pass(unsigned ms)
{
    ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
    timers_turn(&timers, timers.now_us + ms * UINT64_C(1000));
    timers_run(&timers);
    ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

static int caller(const struct listener *listener)
{
    struct sockaddr_storage addr;
    socklen_t len = listener_address(listener, &addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, len), 0);
    return fd;
}

static const int no_room[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

/* The listener pauses, and takes the connection later; also if the event loop has no room in the
 * meantime. */
START_TEST(test_no_room_for_a_connection)
{
    char error[256];
    struct listener *listener = listen_at("127.0.0.1:0", error, sizeof error);
    int fd = caller(listener);
    accepted = 0;
    set_fault("accept4", 1, no_room[_i]);
    pass(99);
    ck_assert(take_fault());
    ck_assert_int_eq(accepted, 0);
    set_fault("event_add", 1, ENOMEM);
    pass(1);
    ck_assert(take_fault());
    ck_assert_int_eq(accepted, 0);
    set_fault("accept4", 1, no_room[_i]);
    pass(100);
    ck_assert(take_fault());
    ck_assert_int_eq(accepted, 0);
    pass(100);
    ck_assert_int_eq(accepted, 1);
    close(fd);
    listener_close(listener);
}
END_TEST

/* A connection gone before its accept says nothing of the next. */
START_TEST(test_a_connection_that_was_aborted)
{
    char error[256];
    struct listener *listener = listen_at("127.0.0.1:0", error, sizeof error);
    int fd = caller(listener);
    accepted = 0;
    set_fault("accept4", 1, ECONNABORTED);
    pass(0);
    ck_assert(take_fault());
    ck_assert_int_eq(accepted, 1);
    close(fd);
    listener_close(listener);
}
END_TEST

START_TEST(test_an_address_that_cannot_be_told)
{
    char error[256];
    struct sockaddr_storage addr;
    struct listener *listener = listen_at("127.0.0.1:0", error, sizeof error);
    set_fault("getsockname", 1, ENOBUFS);
    ck_assert_uint_eq(listener_address(listener, &addr), 0);
    ck_assert(take_fault());
    ck_assert_int_eq(addr.ss_family, AF_UNSPEC);
    listener_close(listener);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listener_faults");
    TCase *tc = tcase_create("listener_faults");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_a_dead_place_is_taken_all_the_same, 0,
                        sizeof unasked / sizeof *unasked);
    tcase_add_loop_test(tc, test_listening_that_fails_leaves_nothing, 0,
                        SUPPORT_COUNT(listen_calls));
    tcase_add_loop_test(tc, test_no_room_for_a_connection, 0, SUPPORT_COUNT(no_room));
    tcase_add_test(tc, test_a_connection_that_was_aborted);
    tcase_add_test(tc, test_an_address_that_cannot_be_told);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
