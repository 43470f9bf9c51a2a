/* test_store_dir: a directory for one process, on a disk that keeps its promises. */
#include "queue/store/store_dir.h"

#include "tests/unit/support.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static char parent[64], path[80], error[256];
static struct store_settings settings;
static struct store_dir dir;

static void set_up(void)
{
    snprintf(parent, sizeof parent, "/tmp/dir.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(parent));
    snprintf(path, sizeof path, "%s/store", parent);
    settings = (struct store_settings){.path = path, .sync = STORE_SYNC_OFF};
    error[0] = '\0';
}

static void tear_down(void)
{
    char reserve[96];
    store_dir_close(&dir);
    snprintf(reserve, sizeof reserve, "%s/reserve", path);
    unlink(reserve);
    rmdir(path);
    rmdir(parent);
}

static bool opens(struct store_dir *other)
{
    return store_dir_open(other, &settings, error, sizeof error);
}

START_TEST(test_made_for_the_owner)
{
    struct stat st;
    umask(0);
    settings.sync = STORE_SYNC_FULL;
    if (!opens(&dir)) {
        ck_assert_ptr_nonnull(strstr(error, "local disk")); /* the tests are on tmpfs */
        settings.sync = STORE_SYNC_OFF;
        ck_assert(opens(&dir));
    }
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(test_one_process_alone)
{
    struct store_dir other;
    ck_assert(opens(&dir));
    ck_assert(!opens(&other));
    ck_assert_ptr_nonnull(strstr(error, "is in use by another process"));
    ck_assert(!store_dir_open_old(&other, &settings, error, sizeof error));
    store_dir_close(&dir);
    ck_assert(opens(&dir));
}
END_TEST

START_TEST(test_no_parent)
{
    static char no_parent[] = "no/such/store";
    settings.path = no_parent;
    ck_assert(!opens(&dir));
    ck_assert_str_eq(error, "store-path no/such/store: No such file or directory");
}
END_TEST

START_TEST(test_a_file_is_no_directory)
{
    ck_assert(opens(&dir));
    ck_assert_int_eq(store_dir_touch(&dir, "reserve"), 0);
    static char file[100];
    snprintf(file, sizeof file, "%s/reserve", path);
    settings.path = file;
    struct store_dir other;
    ck_assert(!opens(&other));
    ck_assert_ptr_nonnull(strstr(error, "Not a directory"));
}
END_TEST

START_TEST(test_an_old_one_is_not_made)
{
    ck_assert(!store_dir_open_old(&dir, &settings, error, sizeof error));
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(test_tmpfs_is_refused)
{
    static char memory[] = "/dev/shm/taskqueued.test";
    struct statfs st;
    if (statfs("/dev/shm", &st) < 0 || st.f_type != TMPFS_MAGIC)
        return; /* there is none here */
    settings.path = memory;
    settings.sync = STORE_SYNC_NORMAL;
    ck_assert(!opens(&dir));
    ck_assert_ptr_nonnull(strstr(error, "is on tmpfs"));
    ck_assert_ptr_nonnull(strstr(error, "store-sync off"));
    settings.sync = STORE_SYNC_OFF;
    ck_assert(opens(&dir));
    rmdir(memory);
}
END_TEST

START_TEST(test_the_reserve)
{
    char name[100];
    struct stat st;
    ck_assert(opens(&dir));
    store_dir_make_reserve(&dir);
    store_dir_make_reserve(&dir);
    snprintf(name, sizeof name, "%s/reserve", path);
    ck_assert_int_eq(stat(name, &st), 0);
    ck_assert_int_eq(st.st_size, 4 << 20);
    store_dir_free_reserve(&dir);
    ck_assert_int_eq(access(name, F_OK), -1);
}
END_TEST

START_TEST(test_room)
{
    uint64_t free_bytes, all_bytes;
    ck_assert(opens(&dir));
    store_dir_room(&dir, &free_bytes, &all_bytes);
    ck_assert_uint_gt(free_bytes, 0);
    ck_assert_uint_gt(all_bytes, free_bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_dir");
    TCase *tc = tcase_create("store_dir");
    dir.fd = -1;
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_made_for_the_owner);
    tcase_add_test(tc, test_one_process_alone);
    tcase_add_test(tc, test_no_parent);
    tcase_add_test(tc, test_a_file_is_no_directory);
    tcase_add_test(tc, test_an_old_one_is_not_made);
    tcase_add_test(tc, test_tmpfs_is_refused);
    tcase_add_test(tc, test_the_reserve);
    tcase_add_test(tc, test_room);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
