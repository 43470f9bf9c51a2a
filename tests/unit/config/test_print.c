/* test_print: --help names each key, and the manual is as printed by the program. */
#include "config/print.h"

#include "all_settings.h"
#include "base/file_read.h"
#include "common/xmalloc.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

typedef void printer(const struct config_schema *schema, FILE *out);

/* Returns the output of a printer. The caller frees it. */
static char *printed(printer *print)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    print(&settings_schema, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

START_TEST(test_help)
{
    char *help = printed(config_print_help);
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        char *line = xasprintf("  --%s=", cursor.key.option->key);
        ck_assert_msg(strstr(help, line) != NULL, "%s", line);
        free(line);
    }
    ck_assert_ptr_nonnull(strstr(help, "an integer from 1 to 10000; default 4"));
    ck_assert_ptr_nonnull(strstr(help, "with the same defaults: pool-max, job-max,"));
    ck_assert_ptr_nonnull(strstr(help, "  in it, NAME.pool-start=NUMBER\n"));
    ck_assert_ptr_null(strstr(help, "  in it, NAME.pool-max=NUMBER\n"));
    free(help);
}
END_TEST

/* Run from the top of the tree, as `make unit` does. */
START_TEST(test_manual_is_fresh)
{
    size_t len;
    const char *why;
    char *list = printed(config_print_manual);
    char *page = file_read("doc/taskmasterd.conf.5", 1 << 20, FILE_ANY, &len, &why);
    ck_assert_msg(page != NULL, "no doc/taskmasterd.conf.5 from here");
    char *begin = strstr(page, ".\\\" BEGIN");
    char *end = strstr(page, ".\\\" END");
    ck_assert(begin && end && begin < end);
    begin = strchr(begin, '\n') + 1;
    *end = '\0';
    ck_assert_msg(strcmp(begin, list) == 0, "doc/taskmasterd.conf.5 is stale: run scripts/manual");
    free(page);
    free(list);
}
END_TEST

/* Run from the top of the tree, likewise. */
START_TEST(test_sample_is_fresh)
{
    size_t len;
    const char *why;
    char *conf = printed(config_print_conf);
    char *sample = file_read("conf/taskmasterd.conf", 1 << 20, FILE_ANY, &len, &why);
    ck_assert_msg(sample != NULL, "no conf/taskmasterd.conf from here");
    ck_assert_msg(strcmp(conf, sample) == 0, "conf/taskmasterd.conf is stale: run scripts/manual");
    free(sample);
    free(conf);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("print");
    TCase *tc = tcase_create("print");
    tcase_add_test(tc, test_help);
    tcase_add_test(tc, test_manual_is_fresh);
    tcase_add_test(tc, test_sample_is_fresh);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
