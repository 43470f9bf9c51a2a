/* test_loaded: the modules that a worker claims to have loaded. */
#include "workers/loaded.h"

#include "tests/unit/support.h"

#include <unistd.h>

static struct module_settings settings;
static struct module_table table;
static struct worker_loaded loaded;
static struct worker_shared memory, *const shared = &memory;
static char dir[] = "/tmp/test_workers_loaded.XXXXXX";
static uint64_t now_us;

static void set_up(void)
{
    char path[64];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/fib.so", dir);
    FILE *file = fopen(path, "w");
    ck_assert(file && fclose(file) == 0);
    settings.dir = dir;
    module_table_init(&table, &settings);
    now_us = 1000;
}

static void tear_down(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/fib.so", dir);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    worker_loaded_end(&loaded);
    module_table_free(&table);
}

static void claim(const char *name, const char *version, const char *describe)
{
    struct loaded_module *entry = &shared->loaded[shared->loaded_count++];
    snprintf(entry->name, sizeof entry->name, "%s", name);
    snprintf(entry->version, sizeof entry->version, "%s", version);
    entry->describe_at = shared->describes_size;
    entry->describe_size = (uint32_t)strlen(describe);
    memcpy(shared->describes + entry->describe_at, describe, entry->describe_size);
    shared->describes_size += entry->describe_size;
    entry->loaded_us = now_us;
}

static void look(void)
{
    worker_loaded_look(&loaded, shared, &table, now_us);
}

START_TEST(test_a_module)
{
    claim("fib", "1.0", "{\"help\":\"x\"}");
    look();
    look();
    const struct module_entry *fib = module_table_known(&table, "fib");
    ck_assert_uint_eq(fib->loaded_by, 1);
    ck_assert_str_eq(fib->about.version, "1.0");
    ck_assert_str_eq(fib->about.describe, "{\"help\":\"x\"}");
    worker_loaded_end(&loaded);
    ck_assert_uint_eq(fib->loaded_by, 0);
    ck_assert_str_eq(fib->about.version, "1.0");
}
END_TEST

/* Returns what is known of fib after the worker claims that its text lies there. */
static const char *claim_text(uint32_t at, uint32_t size)
{
    claim("fib", "", "");
    shared->loaded[shared->loaded_count - 1].describe_at = at;
    shared->loaded[shared->loaded_count - 1].describe_size = size;
    shared->loaded[shared->loaded_count - 1].loaded_us = now_us += 1;
    look();
    return module_table_known(&table, "fib")->about.describe;
}

START_TEST(test_texts_lie_in_the_memory)
{
    memset(shared->describes, 'x', sizeof shared->describes);
    ck_assert_uint_eq(strlen(claim_text(0, WORKER_DESCRIBE_MAX)), WORKER_DESCRIBE_MAX);
    ck_assert_ptr_null(claim_text(0, WORKER_DESCRIBE_MAX + 1));
    ck_assert_str_eq(claim_text(WORKER_DESCRIBES_MAX - 2, 2), "xx");
    ck_assert_ptr_null(claim_text(WORKER_DESCRIBES_MAX - 2, 3));
    ck_assert_ptr_null(claim_text(UINT32_MAX, 1));
    ck_assert_ptr_null(claim_text(1, UINT32_MAX));
    ck_assert_ptr_null(claim_text(UINT32_MAX, UINT32_MAX));
}
END_TEST

/* A broken worker: names without a file, no name, the same again, no end of a text, any count. */
START_TEST(test_claims_are_checked)
{
    claim("nothing", "", "");
    claim("../fib", "", "");
    claim("fib", "1.0", "");
    claim("fib", "2.0", "");
    memset(&shared->loaded[shared->loaded_count++], 'x', sizeof shared->loaded[0]);
    look();
    ck_assert_uint_eq(table.by_name.count, 1);
    ck_assert_uint_eq(module_table_known(&table, "fib")->loaded_by, 1);
    shared->loaded_count = UINT32_MAX;
    look();
    ck_assert_uint_eq(loaded.seen, WORKER_LOADED_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loaded");
    TCase *tc = tcase_create("loaded");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_a_module);
    tcase_add_test(tc, test_texts_lie_in_the_memory);
    tcase_add_test(tc, test_claims_are_checked);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
