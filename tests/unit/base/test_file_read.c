/* test_file_read: a file is read to its end, or not at all. */
#include "base/file_read.h"

#include "tests/unit/faults.h"
#include "tests/unit/support.h"

#include <sys/stat.h>
#include <unistd.h>

WRAP(int, fstat, (int fd, struct stat *st), (fd, st), -1)
WRAP(ssize_t, read, (int fd, void *to, size_t len), (fd, to, len), -1)

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
        ck_assert_str_eq(text, "test_file_read\n");
    else
        ck_assert_str_eq(why, strerror(read_faults[_i].error));
    free(text);
    ck_assert_int_eq(open_files(), files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file_read");
    TCase *tc = tcase_create("file_read");
    tcase_add_loop_test(tc, test_a_file_that_cannot_be_read, 0, SUPPORT_COUNT(read_faults));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
