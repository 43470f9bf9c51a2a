/* test_module_table: modules appear and vanish with their files, under the test's clock. */
#include "jobs/module_table.h"

#include "common/limits.h"
#include "tests/unit/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECOND = 1000000 };

static char dir[] = "/tmp/test_module_table.XXXXXX";
static struct module_setting modules[] = {
    {.name = "fib", .enabled = true, .timeout_ms = 700, .soft_timeout_ms = 600, .config = "{}"},
    {.name = "off", .enabled = false, .config = "{}"},
};
static struct module_settings settings = {.dir = dir, .modules = {modules, 2}};
static struct module_table table;
static uint64_t now_us;

/* Looks at the disk. */
static unsigned stats, opendirs;
static int opendir_fails, readdir_fails, stat_fails; /* an errno */

int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
struct dirent *__real_readdir(DIR *files);
struct dirent *__wrap_readdir(DIR *files);

int __wrap_stat(const char *path, struct stat *st)
{
    stats++;
    errno = stat_fails;
    return stat_fails ? -1 : __real_stat(path, st);
}

DIR *__wrap_opendir(const char *path)
{
    opendirs++;
    errno = opendir_fails;
    return opendir_fails ? NULL : __real_opendir(path);
}

struct dirent *__wrap_readdir(DIR *files)
{
    if (!readdir_fails)
        return __real_readdir(files);
    errno = readdir_fails;
    return NULL;
}

static const char *path_of(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.so", dir, name);
    return path;
}

static void make_file(const char *name)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_file(const char *name)
{
    ck_assert_int_eq(remove(path_of(name)), 0);
}

static struct module_entry *find(const char *name)
{
    return module_table_find(&table, name, strlen(name), now_us);
}

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    make_file("fib");
    make_file("off");
    make_file("echo");
    now_us = 100 * SECOND;
    module_table_init(&table, &settings);
}

static void teardown(void)
{
    char command[PATH_MAX + 16];
    module_table_free(&table);
    snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(test_found)
{
    struct module_entry *fib = find("fib"), *echo = find("echo");
    ck_assert_ptr_nonnull(fib);
    ck_assert_str_eq(fib->name, "fib");
    ck_assert_uint_eq(fib->settings.timeout_ms, 700);
    ck_assert_uint_eq(fib->settings.soft_timeout_ms, 600);
    ck_assert_ptr_nonnull(echo);
    ck_assert_uint_eq(echo->settings.timeout_ms, 0); /* the configuration does not mention it */
    ck_assert_ptr_ne(fib, echo);
    ck_assert_ptr_eq(find("fib"), fib);
    ck_assert_ptr_eq(module_entry_of(&fib->by_name), fib);
}
END_TEST

START_TEST(test_not_there)
{
    ck_assert_ptr_null(find("nosuch"));
    ck_assert_ptr_null(find("fi"));
    ck_assert_ptr_null(find("fibo"));
    ck_assert_ptr_null(find("FIB"));
    ck_assert_ptr_null(find("off")); /* disabled is as good as not there */
}
END_TEST

/* The name is no NUL-terminated text. */
START_TEST(test_length)
{
    struct module_entry *fib = module_table_find(&table, "fibonacci", 3, now_us);
    ck_assert_ptr_nonnull(fib);
    ck_assert_ptr_eq(fib, find("fib"));
}
END_TEST

START_TEST(test_longest_name)
{
    char name[MODULE_NAME_MAX + 1];
    memset(name, 'm', MODULE_NAME_MAX);
    name[MODULE_NAME_MAX] = '\0';
    make_file(name);
    ck_assert_ptr_nonnull(find(name));
    ck_assert_str_eq(find(name)->name, name);
}
END_TEST

START_TEST(test_what_is_no_file)
{
    ck_assert_int_eq(mkdir(path_of("folder"), 0700), 0);
    ck_assert_ptr_null(find("folder"));
    ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
    ck_assert_ptr_null(find("pipe"));
    ck_assert_int_eq(symlink("nowhere", path_of("dangling")), 0);
    ck_assert_ptr_null(find("dangling"));
    ck_assert_int_eq(symlink("fib.so", path_of("alias")), 0);
    now_us += SECOND;
    ck_assert_ptr_null(find("folder"));
    ck_assert_ptr_null(find("pipe"));
    ck_assert_ptr_null(find("dangling"));
    ck_assert_ptr_nonnull(find("alias"));
}
END_TEST

START_TEST(test_path_too_long)
{
    char longer[PATH_MAX];
    memset(longer, '/', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    memcpy(longer, "/tmp", 4);
    settings.dir = longer;
    ck_assert_ptr_null(find("fib"));
    settings.dir = dir;
}
END_TEST

static void check_why_not(const char *name, const char *expected)
{
    char *why = module_table_why_not(&table, name);
    ck_assert_str_eq(why, expected);
    free(why);
}

START_TEST(test_why_not)
{
    check_why_not("off", "module \"off\" is disabled");
    check_why_not("ecko", "no module \"ecko\": there is no ecko.so in module-dir");
}
END_TEST

/* Whatever clients ask for, the table holds no more names than the directory files. */
START_TEST(test_strangers_leave_no_trace)
{
    for (int i = 0; i < 10000; i++) {
        char name[16];
        snprintf(name, sizeof name, "no%d", i);
        hot_assert(find(name) == NULL);
    }
    ck_assert_uint_eq(table.by_name.count, 0);
    ck_assert_uint_eq(table.dir.count, 3);
    find("fib");
    find("off");
    ck_assert_uint_eq(table.by_name.count, 2);
}
END_TEST

/* All unknown names together cost one look at the disk a second. A listed name without a module
 * file costs one a second by itself. */
START_TEST(test_strangers_cost_one_look_a_second)
{
    ck_assert_int_eq(mkdir(path_of("folder"), 0700), 0);
    for (int i = 0; i < 40000; i++) {
        char name[16];
        snprintf(name, sizeof name, "no%d", i % 13000);
        hot_assert(find(name) == NULL);
        hot_assert(find("nosuch") == NULL);
        hot_assert(find("folder") == NULL);
        hot_assert(find("off") == NULL);
        hot_assert(find("fib") != NULL);
        now_us += SECOND / 10000;
    }
    ck_assert_uint_eq(opendirs, 4);
    ck_assert_uint_eq(stats, 4 + 4); /* of fib and folder; a disabled module needs no look */
}
END_TEST

/* Known modules cost one look a second each, and the directory is not read for them. */
START_TEST(test_modules_cost_one_look_a_second_each)
{
    for (int i = 0; i < 30000; i++) {
        hot_assert(find("fib") != NULL);
        hot_assert(find("echo") != NULL);
        now_us += SECOND / 10000;
    }
    ck_assert_uint_eq(opendirs, 1);
    ck_assert_uint_eq(stats, 6);
}
END_TEST

/* A new file is found within a second, and a removed one is missed within a second. */
START_TEST(test_comes_and_goes)
{
    ck_assert_ptr_null(find("wc"));
    make_file("wc");
    now_us += SECOND - 1;
    ck_assert_ptr_null(find("wc")); /* not looked for yet */
    now_us += 1;
    struct module_entry *wc = find("wc");
    ck_assert_ptr_nonnull(wc);
    wc->history.done = 17;

    remove_file("wc");
    now_us += SECOND - 1;
    ck_assert_ptr_eq(find("wc"), wc); /* not looked at yet */
    now_us += 1;
    ck_assert_ptr_null(find("wc"));

    make_file("wc");
    now_us += SECOND;
    ck_assert_ptr_eq(find("wc"), wc);
    ck_assert_uint_eq(wc->history.done, 17); /* its history stays */
}
END_TEST

START_TEST(test_many_files)
{
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "m%d", i);
        make_file(name);
    }
    make_file("not a name");
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "m%d", i);
        ck_assert_msg(find(name) != NULL, "%s is not found", name);
    }
    ck_assert_ptr_null(find("m100"));
    ck_assert_ptr_null(find("not"));
    ck_assert_uint_eq(opendirs, 1);
    ck_assert_uint_eq(table.dir.count, 103);
}
END_TEST

/* The directory goes: nothing is there. It comes again, with other files. */
START_TEST(test_directory_comes_and_goes)
{
    char away[PATH_MAX];
    snprintf(away, sizeof away, "%s.away", dir);
    ck_assert_ptr_nonnull(find("fib"));
    ck_assert_int_eq(rename(dir, away), 0);
    now_us += SECOND;
    ck_assert_ptr_null(find("fib"));
    ck_assert_ptr_null(find("echo"));
    ck_assert_int_eq(rename(away, dir), 0);
    now_us += SECOND;
    ck_assert_ptr_nonnull(find("fib"));
    ck_assert_ptr_nonnull(find("echo"));
}
END_TEST

/* If the directory cannot be read as a whole, known names stay known. If it never was, each name
 * costs a look and leaves no trace. */
static int *const read_faults[] = {&opendir_fails, &readdir_fails};

START_TEST(test_directory_cannot_be_read)
{
    int *fault = read_faults[_i];
    *fault = EMFILE;
    ck_assert_ptr_nonnull(find("fib"));
    ck_assert_ptr_null(find("nosuch"));
    ck_assert_uint_eq(table.by_name.count, 1);
    *fault = 0;
    now_us += SECOND;
    ck_assert_ptr_null(find("nosuch"));
    *fault = EMFILE;
    now_us += SECOND;
    ck_assert_ptr_null(find("nosuch"));
    ck_assert_ptr_nonnull(find("echo"));
    ck_assert_uint_eq(table.by_name.count, 2);
}
END_TEST

/* A directory may be closed to us, say. */
START_TEST(test_file_cannot_be_looked_at)
{
    static const int there[] = {EACCES, EIO, ENOMEM}, gone[] = {ENOENT, ENOTDIR, ELOOP};
    ck_assert_ptr_nonnull(find("fib"));
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        now_us += SECOND;
        stat_fails = there[i];
        ck_assert_ptr_nonnull(find("fib"));
        ck_assert_ptr_nonnull(find("echo"));
        ck_assert_ptr_null(find("nosuch"));
        ck_assert_ptr_null(find("off"));
        now_us += SECOND;
        stat_fails = gone[i];
        ck_assert_ptr_null(find("fib"));
    }
    opendir_fails = EACCES;
    stat_fails = EACCES;
    module_table_configure(&table, &settings);
    ck_assert_ptr_null(find("nosuch"));
    ck_assert_uint_eq(table.by_name.count, 3);
}
END_TEST

START_TEST(test_gone_is_looked_at_once_a_second)
{
    find("echo");
    remove_file("echo");
    now_us += SECOND;
    ck_assert_ptr_null(find("echo"));
    make_file("echo");
    now_us += SECOND - 1;
    ck_assert_ptr_null(find("echo"));
    now_us += 1;
    ck_assert_ptr_nonnull(find("echo"));
}
END_TEST

/* Other settings hold at once, without a look at the clock. */
/* The workers of their pool are replaced, or of all pools. */
START_TEST(test_try_again)
{
    static const struct job_settings limits = {.breaker_pause_ms = 1000};
    struct module_entry *fib = find("fib"), *echo = find("echo");
    quiet_log();
    fib->settings.pool = "reports";
    module_breaker_open(&fib->breaker, &limits, "fib", "crashes", now_us);
    module_breaker_open(&echo->breaker, &limits, "echo", "crashes", now_us);
    module_table_try_again(&table, "reports");
    ck_assert(module_breaker_is_closed(&fib->breaker) && !module_breaker_is_closed(&echo->breaker));
    module_breaker_open(&fib->breaker, &limits, "fib", "crashes", now_us);
    module_table_try_again(&table, POOL_DEFAULT);
    ck_assert(!module_breaker_is_closed(&fib->breaker) && module_breaker_is_closed(&echo->breaker));
    module_table_try_again(&table, NULL);
    ck_assert(module_breaker_is_closed(&fib->breaker));
}
END_TEST

/* A breaker closes for another file, but not for the same one that was away. */
START_TEST(test_another_file_after_none)
{
    static const struct job_settings limits = {.breaker_pause_ms = 60000};
    char away[PATH_MAX];
    struct module_entry *fib = find("fib");
    quiet_log();
    module_breaker_open(&fib->breaker, &limits, "fib", "crashes", now_us);
    snprintf(away, sizeof away, "%s", path_of("away"));
    ck_assert_int_eq(rename(path_of("fib"), away), 0);
    now_us += SECOND;
    ck_assert_ptr_null(find("fib"));
    ck_assert_int_eq(rename(away, path_of("fib")), 0);
    now_us += SECOND;
    ck_assert_ptr_eq(find("fib"), fib);
    ck_assert(!module_breaker_is_closed(&fib->breaker));
    remove_file("fib");
    now_us += SECOND;
    ck_assert_ptr_null(find("fib"));
    make_file("fib");
    ck_assert_int_eq(truncate(path_of("fib"), 1), 0);
    now_us += SECOND;
    ck_assert_ptr_eq(find("fib"), fib);
    ck_assert(module_breaker_is_closed(&fib->breaker));
}
END_TEST

START_TEST(test_configure)
{
    struct module_setting other[] = {
        {.name = "echo", .enabled = true, .timeout_ms = 5, .config = "{}"},
        {.name = "fib", .enabled = false, .timeout_ms = 9, .config = "{}"},
        {.name = "off", .enabled = true, .timeout_ms = 3, .config = "{}"},
    };
    struct module_settings after = {.dir = dir, .modules = {other, 3}};
    struct module_entry *fib = find("fib"), *echo = find("echo");
    fib->history.failed = 3;
    module_table_configure(&table, &after);
    ck_assert_uint_eq(echo->settings.timeout_ms, 5); /* at once, for waiting jobs */
    ck_assert_ptr_null(find("fib"));
    ck_assert_ptr_eq(find("echo"), echo);
    ck_assert_uint_eq(echo->settings.timeout_ms, 5);
    ck_assert_ptr_nonnull(find("off"));
    module_table_configure(&table, &settings);
    ck_assert_ptr_eq(find("fib"), fib);
    ck_assert_uint_eq(fib->settings.timeout_ms, 700);
    ck_assert_uint_eq(fib->history.failed, 3);
    ck_assert_uint_eq(echo->settings.timeout_ms, 0);
    ck_assert_uint_eq(find("echo")->settings.timeout_ms, 0);
    ck_assert_ptr_null(find("off"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("module_table");
    TCase *tc = tcase_create("module_table");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_found);
    tcase_add_test(tc, test_not_there);
    tcase_add_test(tc, test_length);
    tcase_add_test(tc, test_longest_name);
    tcase_add_test(tc, test_what_is_no_file);
    tcase_add_test(tc, test_path_too_long);
    tcase_add_test(tc, test_why_not);
    tcase_add_test(tc, test_strangers_leave_no_trace);
    tcase_add_test(tc, test_strangers_cost_one_look_a_second);
    tcase_add_test(tc, test_modules_cost_one_look_a_second_each);
    tcase_add_test(tc, test_many_files);
    tcase_add_test(tc, test_directory_comes_and_goes);
    tcase_add_loop_test(tc, test_directory_cannot_be_read, 0, SUPPORT_COUNT(read_faults));
    tcase_add_test(tc, test_file_cannot_be_looked_at);
    tcase_add_test(tc, test_comes_and_goes);
    tcase_add_test(tc, test_gone_is_looked_at_once_a_second);
    tcase_add_test(tc, test_try_again);
    tcase_add_test(tc, test_another_file_after_none);
    tcase_add_test(tc, test_configure);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
