/* test_signal_code: names of the causes of signals. */
#include "base/signal_code.h"

#include "tests/unit/support.h"

#include <signal.h>

START_TEST(test_names)
{
    ck_assert_str_eq(signal_code_name(SIGSEGV, SEGV_MAPERR), "SEGV_MAPERR");
    ck_assert_str_eq(signal_code_name(SIGBUS, BUS_ADRERR), "BUS_ADRERR");
    ck_assert_str_eq(signal_code_name(SIGFPE, FPE_INTDIV), "FPE_INTDIV");
    ck_assert_str_eq(signal_code_name(SIGILL, ILL_ILLOPN), "ILL_ILLOPN");
    ck_assert_str_eq(signal_code_name(SIGSYS, 1), "SYS_SECCOMP");
    ck_assert_str_eq(signal_code_name(SIGABRT, SI_TKILL), "SI_TKILL");
    ck_assert_str_eq(signal_code_name(SIGSEGV, SI_KERNEL), "SI_KERNEL");
    ck_assert_str_eq(signal_code_name(SIGSEGV, SI_USER), "SI_USER");
    ck_assert_str_eq(signal_code_name(SIGSEGV, 77), "77");
    ck_assert_str_eq(signal_code_name(SIGABRT, 1), "1");
    ck_assert_str_eq(signal_code_name(SIGABRT, -99), "-99");
}
END_TEST

START_TEST(test_address)
{
    ck_assert(signal_code_has_address(SIGSEGV, SEGV_ACCERR));
    ck_assert(signal_code_has_address(SIGFPE, FPE_INTDIV));
    ck_assert(!signal_code_has_address(SIGSEGV, SI_KERNEL));
    ck_assert(!signal_code_has_address(SIGSEGV, SI_USER));
    ck_assert(!signal_code_has_address(SIGSEGV, SI_TKILL));
    ck_assert(!signal_code_has_address(SIGABRT, 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signal_code");
    TCase *tc = tcase_create("all");
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_address);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
