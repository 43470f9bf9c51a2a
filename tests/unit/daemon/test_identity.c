/* test_identity: a process without the right to become another user ends, or says so if asked. */
#include "daemon/identity.h"

#include "tests/unit/faults.h"
#include "tests/unit/support.h"

#include <grp.h>
#include <sysexits.h>
#include <unistd.h>

WRAP(pid_t, fork, (void), (), -1)
WRAP(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), -1)

/* Nobody becomes another user here. */
STAND_IN(initgroups, (const char *user, gid_t group), ((void)user, (void)group))
STAND_IN(setgroups, (size_t count, const gid_t *list), ((void)count, (void)list))
STAND_IN(setgid, (gid_t gid), (void)gid)
STAND_IN(setuid, (uid_t uid), (void)uid)

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
    return 0;
}

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

/* Better no daemon than one with more rights than the settings give. */
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

int main(void)
{
    Suite *suite = suite_create("identity");
    TCase *tc = tcase_create("identity");
    for (int i = 0; i < (int)SUPPORT_COUNT(become_calls); i++)
        tcase_add_loop_exit_test(tc, test_who_cannot_become_another_ends, EX_NOPERM, i, i + 1);
    tcase_add_loop_test(tc, test_what_another_may_do_cannot_be_told, 0,
                        SUPPORT_COUNT(become_calls));
    tcase_add_test(tc, test_no_child_to_ask);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
