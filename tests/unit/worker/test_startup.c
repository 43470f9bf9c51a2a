/* A worker's start when the system refuses a call. */
#include "common/worker_page.h"
#include "tests/unit/suite.h"
#include "worker/startup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static int protect_error; /* errno of mprotect(); 0: success */

/* Replaces libc's. */
int mprotect(void *addr, size_t len, int prot)
{
    (void)addr;
    (void)len;
    (void)prot;
    errno = protect_error;
    return protect_error ? -1 : 0;
}

/* Takes the page in a child, because check itself uses descriptor 3. Returns the child's exit
 * status. */
static int status_of_taking_it(void)
{
    struct worker_page page = {.magic = WORKER_PAGE_MAGIC, .worker = 7};
    struct startup s;
    int status;
    int fd = memfd_create("page", MFD_ALLOW_SEALING);

    ck_assert_int_eq(ftruncate(fd, sizeof(struct worker_shared)), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    ck_assert_int_eq(pwrite(fd, &page, sizeof(page), 0), (int)sizeof(page));
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(fd, WORKER_PAGE_FD);
        startup_take_page(&s);
        _exit(s.worker == 7 ? EX_OK : EX_SOFTWARE);
    }
    close(fd);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(the_page_is_taken)
{
    ck_assert_int_eq(status_of_taking_it(), EX_OK);
}
END_TEST

START_TEST(a_page_that_cannot_be_protected_ends_the_worker)
{
    protect_error = ENOMEM;
    ck_assert_int_eq(status_of_taking_it(), EX_OSERR);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker_startup");
    TCase *tc = tcase_create("startup");

    tcase_add_test(tc, the_page_is_taken);
    tcase_add_test(tc, a_page_that_cannot_be_protected_ends_the_worker);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
