/* test_job_name: names of kept jobs. */
#include "queue/clients/job_name.h"

#include "tests/unit/support.h"

static const struct {
    const char *name;
    uint64_t seq;
} names[] = {
    {"q1", 1},
    {"q17", 17},
    {"q9223372036854775807", INT64_MAX},
    {"q9223372036854775808", 0},
    {"q99999999999999999999999", 0},
    {"q0", 0},
    {"q01", 0},
    {"q", 0},
    {"", 0},
    {"17", 0},
    {"Q17", 0},
    {"q-17", 0},
    {"q+17", 0},
    {"q 17", 0},
    {"q17 ", 0},
    {"q17x", 0},
    {"k3f9-17", 0},
};

START_TEST(test_name)
{
    ck_assert_uint_eq(job_name_read(names[_i].name), names[_i].seq);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("job_name");
    TCase *tc = tcase_create("job_name");
    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, test_name, 0, (int)(sizeof names / sizeof *names));
    return run_suite(suite);
}
