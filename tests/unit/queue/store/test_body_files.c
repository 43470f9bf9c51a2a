/* test_body_files: a file is there from its rename on, until it is doomed. */
#include "queue/store/body_files.h"

#include "base/payload.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

static struct payload_budget budget = {.max = UINT64_MAX};
static char path[64];
static struct body_files files;

static const struct body_name input = {.seq = 7};
static const struct body_name result = {
    .seq = 18446744073709551615u, .is_result = true, .attempt = 3};

static void set_up(void)
{
    snprintf(path, sizeof path, "/tmp/files.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    ck_assert_int_eq(body_files_open(&files, path, true), 0);
}

static int remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(name);
}

static void tear_down(void)
{
    body_files_close(&files);
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_text(const struct body_name *name, const char *text)
{
    struct payload *payload = payload_from(&budget, text, strlen(text));
    ck_assert_int_eq(body_files_write(&files, name, payload), 0);
    payload_unref(payload);
}

static void check_text(const struct body_name *name, const char *text)
{
    char *data = body_files_read(&files, name, strlen(text));
    ck_assert_ptr_nonnull(data);
    ck_assert_mem_eq(data, text, strlen(text));
    free(data);
}

static void check_gone(const struct body_name *name)
{
    ck_assert_ptr_null(body_files_read(&files, name, 1));
    ck_assert_int_eq(errno, ENOENT);
}

START_TEST(test_written_and_committed)
{
    write_text(&input, "in");
    write_text(&result, "result");
    ck_assert_int_eq(body_files_settle(&files), 0);
    body_files_committed(&files);
    ck_assert_uint_eq(files.bytes, 8);
    check_text(&input, "in");
    check_text(&result, "result");
    body_files_undone(&files);
    check_text(&input, "in");
}
END_TEST

START_TEST(test_undone)
{
    write_text(&input, "in");
    body_files_committed(&files);
    write_text(&result, "result");
    body_files_doom(&files, &input);
    body_files_undone(&files);
    body_files_committed(&files);
    check_text(&input, "in");
    check_gone(&result);
    ck_assert_uint_eq(files.bytes, 2);
}
END_TEST

START_TEST(test_doomed)
{
    write_text(&input, "in");
    body_files_committed(&files);
    for (int i = 0; i < 100; i++) /* more than room for names; most are not there */
        body_files_doom(&files, &(struct body_name){.seq = (uint64_t)i});
    check_text(&input, "in");
    body_files_committed(&files);
    check_gone(&input);
    ck_assert_uint_eq(files.bytes, 0);
}
END_TEST

START_TEST(test_a_shorter_file)
{
    write_text(&input, "in");
    ck_assert_ptr_null(body_files_read(&files, &input, 3));
    ck_assert_int_eq(errno, EUCLEAN);
}
END_TEST

static void note_name(void *arg, const struct body_name *name, uint64_t size)
{
    int *seen = arg;
    const struct body_name *wanted = name->is_result ? &result : &input;
    ck_assert_uint_eq(name->seq, wanted->seq);
    ck_assert_uint_eq(name->attempt, wanted->attempt);
    ck_assert_uint_eq(size, name->is_result ? 6 : 2);
    ++*seen;
}

START_TEST(test_each_file_of_ours)
{
    static const char *const others[] = {"new",       "7",         "07.input",
                                         "7.input.x", "-7.input",  "x.input",
                                         "7.result",  "7.1.input", "7.01.result"};
    int seen = 0;
    write_text(&input, "in");
    write_text(&result, "result");
    for (size_t i = 0; i < SUPPORT_COUNT(others); i++)
        close(openat(files.directory, others[i], O_CREAT | O_WRONLY, 0600));
    ck_assert_int_eq(body_files_each(&files, note_name, &seen), 0);
    ck_assert_int_eq(seen, 2);
}
END_TEST

START_TEST(test_no_directory)
{
    struct body_files none;
    ck_assert_int_eq(body_files_open(&none, "no/such", true), -1);
    body_files_close(&none);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("body_files");
    TCase *tc = tcase_create("body_files");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_written_and_committed);
    tcase_add_test(tc, test_undone);
    tcase_add_test(tc, test_doomed);
    tcase_add_test(tc, test_a_shorter_file);
    tcase_add_test(tc, test_each_file_of_ours);
    tcase_add_test(tc, test_no_directory);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
