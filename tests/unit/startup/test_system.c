/*
 * test_system: what the files next to the kernel do when a call of theirs fails. Each call is made
 * to fail in each place where it stands: the caller must hear of it with the right errno, and
 * nothing that was made before may stay, neither a descriptor nor a process nor a file.
 *
 * tests/sweep does the same to the whole daemon from outside; here it is seen what each function
 * promises.
 */
#include "base/file_read.h"
#include "base/timers.h"
#include "config/config.h"
#include "net/listener.h"
#include "startup/identity.h"
#include "tests/unit/support.h"
#include "workers/child.h"
#include "workers/process.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/* --- calls that fail --- */

static struct {
    const char *call; /* NULL: none fails */
    int nth, error;
    int seen; /* so often it was called */
    bool hit;
} fault;

static bool fails(const char *call)
{
    if (!fault.call || strcmp(fault.call, call) != 0 || ++fault.seen != fault.nth)
        return false;
    fault.hit = true;
    errno = fault.error;
    return true;
}

static void set_fault(const char *call, int nth, int error)
{
    fault.call = call;
    fault.nth = nth;
    fault.error = error;
    fault.seen = 0;
    fault.hit = false;
}

/* False if the call was not made that often. */
static bool take_fault(void)
{
    fault.call = NULL;
    return fault.hit;
}

/* The linker puts __wrap_x() where x() is called (Makefile). */
#define WRAP(type, name, params, args, failed)               \
    type __real_##name params;                               \
    type __wrap_##name params;                               \
    type __wrap_##name params                                \
    {                                                        \
        return fails(#name) ? (failed) : __real_##name args; \
    }

WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
WRAP(int, ftruncate, (int fd, off_t len), (fd, len), -1)
WRAP(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t from),
     (at, len, prot, flags, fd, from), MAP_FAILED)
WRAP(int, pipe2, (int fds[2], int flags), (fds, flags), -1)
WRAP(int, setpgid, (pid_t pid, pid_t group), (pid, group), -1)
WRAP(int, dup2, (int from, int to), (from, to), -1)
WRAP(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags), -1)
WRAP(pid_t, fork, (void), (), -1)
WRAP(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), -1)
WRAP(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), (type, id, info, options),
     -1)
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
WRAP(int, fstat, (int fd, struct stat *st), (fd, st), -1)
WRAP(int, flock, (int fd, int what), (fd, what), -1)
WRAP(ssize_t, send, (int fd, const void *from, size_t len, int flags), (fd, from, len, flags), -1)
WRAP(ssize_t, recv, (int fd, void *to, size_t len, int flags), (fd, to, len, flags), -1)
WRAP(ssize_t, read, (int fd, void *to, size_t len), (fd, to, len), -1)

/* Those that take arguments without a type: no more than our files pass on. */
#define WRAP_VARIADIC(name, params, args)              \
    int __real_##name params;                          \
    int __wrap_##name params;                          \
    int __wrap_##name params                           \
    {                                                  \
        return fails(#name) ? -1 : __real_##name args; \
    }

WRAP_VARIADIC(fcntl, (int fd, int command, long arg), (fd, command, arg))
WRAP_VARIADIC(prctl, (int option, unsigned long arg), (option, arg))
WRAP_VARIADIC(open, (const char *path, int flags), (path, flags))
WRAP_VARIADIC(clone, (int (*run)(void *), void *stack, int flags, void *arg),
              (run, stack, flags, arg))

static int stops_before_exec = -1; /* where to write the pid, if it is to */

int __real_execve(const char *path, char *const argv[], char *const env[]);
int __wrap_execve(const char *path, char *const argv[], char *const env[]);
int __wrap_execve(const char *path, char *const argv[], char *const env[])
{
    if (fails("execve"))
        return -1;
    if (stops_before_exec >= 0) {
        pid_t pid = getpid();
        ck_assert_int_eq(write(stops_before_exec, &pid, sizeof pid), sizeof pid);
        kill(pid, SIGSTOP); /* raise() would look up the parent's thread */
    }
    return __real_execve(path, argv, env);
}

/* Nobody becomes another user here. */
#define STAND_IN(name, params, unused) \
    int __wrap_##name params;          \
    int __wrap_##name params           \
    {                                  \
        unused;                        \
        return fails(#name) ? -1 : 0;  \
    }

STAND_IN(initgroups, (const char *user, gid_t group), ((void)user, (void)group))
STAND_IN(setgroups, (size_t count, const gid_t *list), ((void)count, (void)list))
STAND_IN(setgid, (gid_t gid), (void)gid)
STAND_IN(setuid, (uid_t uid), (void)uid)

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
    return 0;
}

static int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static bool has_child(void)
{
    return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

/* --- a worker's process --- */

static const char *const start_calls[] = {
    "memfd_create", "ftruncate", "fcntl", "mmap",        "pipe2",
    "clone",        "prctl", /* from here on in the child, which shares our memory until it runs the
                                program */
    "setpgid",      "open",      "dup2",  "close_range", "execve",
};

static bool start_fails(const char *call, int nth)
{
    static char *no_environ[] = {NULL};
    const struct worker_process_env env = {
        .path = "/bin/true", .environ = no_environ, .life_fd = 0};
    const uint8_t token[TOKEN_BYTES] = {1};
    struct worker_process proc;
    set_fault(call, nth, ENOMEM);
    int rc = worker_process_start(&proc, &env, 1, token), e = errno;
    if (take_fault()) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(e, ENOMEM);
        ck_assert_int_eq(proc.output_fd, -1);
        ck_assert_ptr_null(proc.shared);
        ck_assert(!has_child());
        return true;
    }
    ck_assert_int_eq(rc, 0);
    ck_assert_int_eq(worker_process_reap_pid(proc.pid), 0);
    worker_process_close(&proc);
    return false;
}

START_TEST(test_a_start_that_fails_leaves_nothing)
{
    int files = open_files(), nth = 1;
    for (; start_fails(start_calls[_i], nth); nth++)
        ck_assert_int_eq(open_files(), files);
    ck_assert_int_gt(nth, 1);
    ck_assert_int_eq(open_files(), files);
}
END_TEST

/* The state of a process as /proc tells it; 0 if there is none. */
static char state_of(pid_t pid)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    ck_assert_int_ge(fscanf(file, "%*d (%*[^)]) %c", &state), 0);
    fclose(file);
    return state;
}

static void await_state(pid_t pid, const char *states)
{
    for (int ms = 0; ms < 10000; ms++) {
        char state = state_of(pid);
        if (state ? strchr(states, state) != NULL : strchr(states, '-') != NULL)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    ck_abort_msg("process %d is never in one of the states %s", (int)pid, states);
}

/* Whatever is done to a child, it goes with its parent, even if it has not run its program yet. */
START_TEST(test_a_child_that_was_stopped_at_once_goes_with_its_parent)
{
    char name[] = "sleep", seconds[] = "1000";
    char *argv[] = {name, seconds, NULL}, *no_environ[] = {NULL};
    int told[2];
    pid_t child = 0, pid;
    ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
    const int fds[] = {-1, told[1]};
    const struct program sleep = {
        .path = "/bin/sleep", .argv = argv, .environ = no_environ, .fds = fds, .fd_count = 2};
    pid_t parent = fork();
    if (parent == 0) {
        stops_before_exec = STDOUT_FILENO;
        child_start(&sleep, &pid);
        _exit(1);
    }
    ck_assert_int_eq(read(told[0], &child, sizeof child), sizeof child);
    await_state(child, "T");
    kill(parent, SIGKILL);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    await_state(child, "-ZX");
    close(told[0]);
    close(told[1]);
}
END_TEST

/* A signal that interrupts the waiting changes nothing; and without children there is no dead one.
 */
START_TEST(test_reaping_goes_on_after_a_signal)
{
    ck_assert_int_eq(worker_process_next_dead(), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    set_fault("waitid", 1, EINTR);
    ck_assert_int_eq(worker_process_next_dead(), pid);
    ck_assert(take_fault());
    set_fault("waitpid", 1, EINTR);
    int status = worker_process_reap_pid(pid);
    ck_assert(take_fault());
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

/* --- listening --- */

static struct event_base *base;
static struct timers timers;
static char dir[] = "/tmp/test_system.XXXXXX";
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
    int at_most;      /* where it stands, for the address that needs it most often */
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

/* Without a lock and without the kernel's word the place of a dead server is taken all the same,
 * the latter after some patience. */
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

/* What a loop's turn and `ms` milliseconds bring. */
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

/* It pauses, so as not to spin, and the connection is taken later; also if the event loop has no
 * room either in the meantime. */
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

/* One that was gone before it was taken says nothing of the next. */
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

/* --- becoming another user --- */

static struct identity somebody(bool user)
{
    struct identity identity = {.uid = 1, .gid = 1, .pending = true};
    snprintf(identity.user, sizeof identity.user, "%s", user ? "somebody" : "");
    return identity;
}

static const char *const become_calls[] = {"initgroups", "setgid", "setuid", "setgroups"};

static struct identity one_that_calls(const char *call)
{
    return somebody(strcmp(call, "setgroups") != 0);
}

/* Rather none than a daemon with more rights than it was told to have. */
START_TEST(test_who_cannot_become_another_ends)
{
    struct identity identity = one_that_calls(become_calls[_i]);
    set_fault(become_calls[_i], 1, EPERM);
    identity_become(&identity);
}
END_TEST

START_TEST(test_what_another_may_do_cannot_be_told)
{
    struct identity identity = one_that_calls(become_calls[_i]);
    set_fault(become_calls[_i], 1, EPERM);
    ck_assert_int_eq(identity_access(&identity, "/", F_OK), EPERM); /* from the child */
    ck_assert(!identity_possible(&identity));
    fault.call = NULL;
    ck_assert(identity_possible(&identity));
    identity_become(&identity);
    ck_assert(!identity.pending);
}
END_TEST

START_TEST(test_no_child_to_ask)
{
    struct identity identity = somebody(true);
    set_fault("fork", 1, EAGAIN);
    ck_assert_int_eq(identity_access(&identity, "/", F_OK), EAGAIN);
    ck_assert(take_fault());
    set_fault("waitpid", 1, EINTR);
    ck_assert_int_eq(identity_access(&identity, "/", F_OK), 0);
    ck_assert(take_fault());
    set_fault("waitpid", 1, ECHILD); /* somebody else has reaped it */
    ck_assert_int_eq(identity_access(&identity, "/", F_OK), ECHILD);
    ck_assert(take_fault());
    ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
}
END_TEST

/* --- reading a file --- */

static const struct {
    const char *call;
    int error;
    bool is_read;
} read_faults[] = {
    {"read", EINTR, true},
    {"read", EIO, false},
    {"fstat", EIO, false},
};

START_TEST(test_a_file_that_cannot_be_read)
{
    size_t len = 0;
    const char *why = NULL;
    int files = open_files();
    set_fault(read_faults[_i].call, 1, read_faults[_i].error);
    char *text = file_read("/proc/self/comm", 1000, FILE_REGULAR, &len, &why);
    ck_assert(take_fault());
    ck_assert_int_eq(text != NULL, read_faults[_i].is_read);
    if (text)
        ck_assert_str_eq(text, "test_system\n");
    else
        ck_assert_str_eq(why, strerror(read_faults[_i].error));
    free(text);
    ck_assert_int_eq(open_files(), files);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("system");
    TCase *tc = tcase_create("process");
    tcase_add_loop_test(tc, test_a_start_that_fails_leaves_nothing, 0, SUPPORT_COUNT(start_calls));
    tcase_add_test(tc, test_a_child_that_was_stopped_at_once_goes_with_its_parent);
    tcase_add_test(tc, test_reaping_goes_on_after_a_signal);
    suite_add_tcase(suite, tc);

    tc = tcase_create("listener");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_a_dead_place_is_taken_all_the_same, 0,
                        sizeof unasked / sizeof *unasked);
    tcase_add_loop_test(tc, test_listening_that_fails_leaves_nothing, 0,
                        SUPPORT_COUNT(listen_calls));
    tcase_add_loop_test(tc, test_no_room_for_a_connection, 0, SUPPORT_COUNT(no_room));
    tcase_add_test(tc, test_a_connection_that_was_aborted);
    tcase_add_test(tc, test_an_address_that_cannot_be_told);
    suite_add_tcase(suite, tc);

    tc = tcase_create("identity");
    for (int i = 0; i < (int)SUPPORT_COUNT(become_calls); i++)
        tcase_add_loop_exit_test(tc, test_who_cannot_become_another_ends, EX_NOPERM, i, i + 1);
    tcase_add_loop_test(tc, test_what_another_may_do_cannot_be_told, 0,
                        SUPPORT_COUNT(become_calls));
    tcase_add_test(tc, test_no_child_to_ask);
    suite_add_tcase(suite, tc);

    tc = tcase_create("file");
    tcase_add_loop_test(tc, test_a_file_that_cannot_be_read, 0, SUPPORT_COUNT(read_faults));
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(make_suite());
}
