/*
 * test_program_paths: the worker and the modules are found beside the running program, or in the
 * directories of an installed tree. Copies of this program run with PRINT_PATHS.
 */
#include "startup/program_paths.h"

#include "base/file_read.h"
#include "tests/unit/configs.h"

#include <limits.h>
#include <sys/stat.h>

#define PRINT_PATHS "--print-paths"

/* Copies this program into `to`, to run from there. */
static void copy_program(const char *to)
{
    size_t len;
    const char *why;
    char *program = file_read("/proc/self/exe", 64 * 1024 * 1024, FILE_REGULAR, &len, &why);
    ck_assert_ptr_nonnull(program);
    write_bytes(to, program, len);
    ck_assert_int_eq(chmod(to, 0700), 0);
    free(program);
}

/* "WORKER-PATH MODULE-DIR" as the copy finds them. */
static void check_paths(const char *program, const char *worker, const char *modules)
{
    char *command = xasprintf("%s " PRINT_PATHS, program);
    char *expected = xasprintf("%s %s\n", worker, modules);
    char found[4 * PATH_MAX] = "";
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    ck_assert_ptr_nonnull(fgets(found, sizeof found, out));
    ck_assert_int_eq(pclose(out), 0);
    ck_assert_str_eq(found, expected);
    free(expected);
    free(command);
}

static int print_paths(const char *program)
{
    char *worker = NULL, *modules = NULL;
    program_paths_complete(program, &worker, &modules);
    printf("%s %s\n", worker, modules);
    free(modules);
    free(worker);
    return EXIT_SUCCESS;
}

/* In a build tree both are beside the program, in an installed tree in the directories above. */
START_TEST(test_paths)
{
    char *bin = xasprintf("%s/bin", dir);
    char *program = xasprintf("%s/taskmasterd", bin);
    char *worker = xasprintf("%s/taskmaster-worker", bin);
    char *modules = xasprintf("%s/modules", bin);
    char *far_worker = xasprintf("%s/libexec/taskmaster/taskmaster-worker", dir);
    char *far_modules = xasprintf("%s/lib/taskmaster/modules", dir);
    ck_assert_int_eq(mkdir(bin, 0700), 0);
    copy_program(program);
    check_paths(program, far_worker, far_modules);
    write_text(worker, "#!/bin/sh\n");
    ck_assert_int_eq(chmod(worker, 0700), 0);
    check_paths(program, far_worker, far_modules);
    ck_assert_int_eq(mkdir(modules, 0700), 0);
    check_paths(program, worker, modules);
    ck_assert_int_eq(unlink(worker), 0);
    check_paths(program, far_worker, far_modules);
    rmdir(modules);
    unlink(program);
    rmdir(bin);
    char *const made[] = {bin, program, worker, modules, far_worker, far_modules};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        free(made[i]);
}
END_TEST

START_TEST(test_relative_paths)
{
    char cwd[PATH_MAX], expected[PATH_MAX + 16];
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    struct config *config = load(NULL, "worker-path=some/worker", "module-dir=/abs", NULL);
    snprintf(expected, sizeof expected, "%s/some/worker", cwd);
    ck_assert_str_eq(settings_of(config)->workers.path, expected);
    ck_assert_str_eq(settings_of(config)->modules.dir, "/abs");
    config_free(config);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], PRINT_PATHS) == 0)
        return print_paths(argv[0]);
    Suite *suite = suite_create("program_paths");
    TCase *tc = tcase_create("program_paths");
    tcase_add_checked_fixture(tc, configs_setup, configs_teardown);
    tcase_add_test(tc, test_paths);
    tcase_add_test(tc, test_relative_paths);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
