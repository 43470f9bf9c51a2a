/* test_peer_process: a unix socket names its peer's process, other sockets do not. */
#include "net/peer_process.h"

#include "tests/unit/support.h"

#include <sys/socket.h>
#include <unistd.h>

START_TEST(test_unix)
{
    struct peer_process process;
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert(peer_process_get(pair[0], &process));
    ck_assert_uint_eq(process.uid, getuid());
    ck_assert_uint_eq(process.gid, getgid());
    ck_assert_uint_eq(process.pid, (uint32_t)getpid());
    close(pair[0]);
    close(pair[1]);
}
END_TEST

START_TEST(test_others)
{
    struct peer_process process;
    int fd = socket(AF_INET, SOCK_STREAM, 0), pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert(!peer_process_get(fd, &process));
    ck_assert(!peer_process_get(pipes[0], &process));
    ck_assert(!peer_process_get(-1, &process));
    close(fd);
    close(pipes[0]);
    close(pipes[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("peer_process");
    TCase *tc = tcase_create("peer_process");
    tcase_add_test(tc, test_unix);
    tcase_add_test(tc, test_others);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
